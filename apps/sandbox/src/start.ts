import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { bootService } from '#platform';
import type { SandboxEnv } from './env.js';
import { SandboxModule } from './sandbox.module.js';
import { servePages } from './world/pages.js';
import { publicFolder } from './world/public-folder.js';

/**
 * Starts the sandbox. Port 0 takes a free one.
 * @throws Error in production: anybody who reaches it may write as any customer, and let any payment succeed.
 */
export async function startSandbox(env: SandboxEnv): Promise<NestFastifyApplication> {
  if (env.NODE_ENV === 'production') {
    throw new Error('the sandbox is for development and tests: set NODE_ENV, which is production unless set');
  }
  return bootService({
    service: 'sandbox',
    module: SandboxModule.forRoot(env),
    env,
    answersErrors: true,
    bodyLimit: 4 * 1_048_576,
    configure: (app) => servePages(app, publicFolder(import.meta.url)),
  });
}
