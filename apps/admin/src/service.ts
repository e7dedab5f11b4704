import type { BootOptions } from '#platform';
import { AdminModule, configureAdmin } from './admin.module.js';
import type { AdminEnv } from './env.js';
import { BOUNDS } from './http/bounds.js';

/** The whole service. Port 0 takes a free one. */
export function adminService(env: AdminEnv): BootOptions {
  return {
    service: 'admin',
    module: AdminModule.forRoot(env),
    env,
    bodyLimit: BOUNDS.body,
    configure: configureAdmin,
    answersErrors: true,
  };
}
