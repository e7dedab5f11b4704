import { STATUS_CODES } from 'node:http';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply } from 'fastify';
import { Logger } from 'nestjs-pino';
import { servicePort, type BaseEnv, type ServiceName } from './env.js';
import { trustProxy } from './trusted-proxies.js';

export interface BootOptions {
  service: ServiceName | 'sandbox';
  module: Type | DynamicModule;
  env: BaseEnv;
  /** Largest request body in bytes. */
  bodyLimit?: number;
  /** Called before the port opens: microservice transports, raw routes, OpenAPI. */
  configure?: (app: NestFastifyApplication) => Promise<void> | void;
}

/**
 * Starts one service: Nest on Fastify, structured logs, its transports, its port, and a graceful stop on
 * SIGTERM and SIGINT (stop taking work, finish what runs, close connections).
 */
export async function bootService(options: BootOptions): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: options.bodyLimit ?? 1_048_576,
    forceCloseConnections: 'idle',
    trustProxy: trustProxy(options.env.TRUSTED_PROXIES),
    // A checkout link is an encrypted token in the path; Fastify's own limit is 100 characters.
    routerOptions: { maxParamLength: 1_024 },
    // An address that the router cannot read never reaches Nest; Fastify's own answer repeats all of it.
    frameworkErrors: ({ statusCode = 400 }: FastifyError, _request: unknown, reply: FastifyReply) =>
      void reply.code(statusCode).type('application/problem+json').send(unreadableAddress(statusCode)),
  });
  const app = await NestFactory.create<NestFastifyApplication>(options.module as Type, adapter, {
    bufferLogs: true,
    rawBody: true,
  });
  app.useLogger(app.get(Logger));
  app.enableShutdownHooks();
  await options.configure?.(app);
  await app.startAllMicroservices();
  const port = options.env.PORT ?? servicePort(options.service, options.env.WACO_PORT_BASE);
  await app.listen(port, '0.0.0.0');
  app.get(Logger).log(`${options.service} listening on ${port}`);
  return app;
}

function unreadableAddress(status: number): string {
  const detail = 'the address is too long or not a valid one';
  return JSON.stringify({
    type: 'about:blank',
    title: STATUS_CODES[status],
    status,
    code: 'bad_address',
    detail,
  });
}

/** The `main.ts` of a service: a failed start is one clear line and exit code 1. */
export function runMain(start: () => Promise<unknown>): void {
  start().catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`could not start: ${reason}\n`);
    if (process.env.LOG_LEVEL === 'debug' && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  });
}
