import { STATUS_CODES, type Server } from 'node:http';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply } from 'fastify';
import { Logger } from 'nestjs-pino';
import { servicePort, type BaseEnv, type ServiceName } from './env.js';
import { watchEventLoop } from './event-loop.js';

export interface BootOptions {
  service: ServiceName | 'sandbox';
  module: Type | DynamicModule;
  env: BaseEnv;
  /** Largest request body in bytes; 64 KiB unless given. */
  bodyLimit?: number;
  /** Called before the port opens: microservice transports, raw routes, OpenAPI. */
  configure?: (app: NestFastifyApplication) => Promise<void> | void;
}

/** A whole request, its body included, has arrived by then, and its headers sooner; else its connection is closed. */
const TIME_LIMITS = {
  requestTimeout: 15_000,
  http: { headersTimeout: 10_000, requestTimeout: 15_000, connectionsCheckingInterval: 2_000 },
};
/** Connections to one process at a time; more are closed at once. A proxy before it needs few. */
const MOST_CONNECTIONS = 8_192;

/**
 * Starts one service: Nest on Fastify, structured logs, its transports, its port, and a graceful stop on
 * SIGTERM and SIGINT (stop taking work, finish what runs, close connections).
 */
export async function bootService(options: BootOptions): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: options.bodyLimit ?? 65_536,
    ...TIME_LIMITS,
    forceCloseConnections: 'idle',
    trustProxy: true,
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
  const logger = app.get(Logger);
  app.useLogger(logger);
  watchEventLoop(options.service, (line) => logger.warn(line));
  app.enableShutdownHooks();
  await options.configure?.(app);
  await app.startAllMicroservices();
  const port = options.env.PORT ?? servicePort(options.service, options.env.WACO_PORT_BASE);
  (app.getHttpServer() as Server).maxConnections = MOST_CONNECTIONS;
  await app.listen(port, '0.0.0.0');
  logger.log(`${options.service} listening on ${port}`);
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
