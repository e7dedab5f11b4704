import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { bootService } from '#platform';
import type { SandboxEnv } from './env.js';
import { SandboxModule } from './sandbox.module.js';
import { publicFolder } from './world/public-folder.js';

/** Pages load nothing from other hosts; only product pictures may come from wherever a shop keeps them. */
const PAGE_POLICY =
  "default-src 'self'; img-src 'self' data: http: https:; style-src 'self'; base-uri 'none'; form-action 'self'";

/** Starts the sandbox. Port 0 takes a free one: `(await app.getUrl())` says which. */
export function startSandbox(env: SandboxEnv): Promise<NestFastifyApplication> {
  return bootService({
    service: 'sandbox',
    module: SandboxModule.forRoot(env),
    env,
    bodyLimit: 4 * 1_048_576,
    configure: async (app) => {
      await app.register(fastifyStatic, {
        root: publicFolder(import.meta.url),
        prefix: '/',
        redirect: true,
        cacheControl: false,
        setHeaders: (reply, path) => {
          reply.header('cache-control', 'no-cache');
          if (/[/\\](phone|home)[/\\]/.test(path)) reply.header('content-security-policy', PAGE_POLICY);
        },
      });
    },
  });
}
