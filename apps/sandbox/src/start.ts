import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { bootService } from '#platform';
import type { SandboxEnv } from './env.js';
import { SandboxModule } from './sandbox.module.js';
import { servePages } from './world/pages.js';
import { publicFolder } from './world/public-folder.js';

/** Starts the sandbox. Port 0 takes a free one. */
export function startSandbox(env: SandboxEnv): Promise<NestFastifyApplication> {
  return bootService({
    service: 'sandbox',
    module: SandboxModule.forRoot(env),
    env,
    bodyLimit: 4 * 1_048_576,
    configure: (app) => servePages(app, publicFolder(import.meta.url)),
  });
}
