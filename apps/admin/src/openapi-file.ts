import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { AdminModule } from './admin.module.js';
import { AdminEnv } from './env.js';
import { openApiDocument } from './openapi.js';

/**
 * The text of `docs/openapi.json`. The application is only looked at, not started: no database and no queue server
 * is needed.
 */
export async function openApiFile(): Promise<string> {
  const env = Object.assign(new AdminEnv(), {
    LOG_LEVEL: 'silent',
    DATABASE_URL: 'postgres://nowhere',
    QUEUE_URL: 'postgres://nowhere',
    WACO_MASTER_KEYS: `none:${Buffer.alloc(32).toString('base64')}`,
  });
  const app = await NestFactory.create(AdminModule.forRoot(env), new FastifyAdapter(), {
    preview: true,
    logger: false,
    abortOnError: false,
  });
  return `${JSON.stringify(openApiDocument(app), null, 2)}\n`;
}
