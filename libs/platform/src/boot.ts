import type { Server } from 'node:http';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { Logger } from 'nestjs-pino';
import { ANSWERS, ErrorAnswers } from './answers.js';
import { servicePort, type BaseEnv, type ServiceName } from './env.js';
import { watchEventLoop } from './event-loop.js';
import { trustProxy } from './trusted-proxies.js';

export interface BootOptions {
  service: ServiceName | 'sandbox';
  module: Type | DynamicModule;
  env: BaseEnv;
  /** The module has filters of its own for all errors; otherwise {@link ErrorAnswers} does. */
  answersErrors?: boolean;
  /** Answers a request whose address the router cannot read, and says whether it did. */
  badAddress?: (request: FastifyRequest, reply: FastifyReply) => boolean;
  /** Largest request body in bytes; 64 KiB unless given. */
  bodyLimit?: number;
  /** Called before the port opens: microservice transports, raw routes, OpenAPI. */
  configure?: (app: NestFastifyApplication) => Promise<void> | void;
}

/** A whole request, its body included, has arrived by then, and its headers sooner; else its connection is closed. */
const TIME_LIMITS = { requestTimeout: 15_000, headersTimeout: 10_000, connectionsCheckingInterval: 2_000 };
/** Connections to one process at a time; more are closed at once. A proxy before it needs few. */
const MOST_CONNECTIONS = 8_192;

/**
 * Starts one service: Nest on Fastify, structured logs, its transports, its port, and a graceful stop on
 * SIGTERM and SIGINT (stop taking work, finish what runs, close connections).
 */
export async function bootService(options: BootOptions): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: options.bodyLimit ?? 65_536,
    requestTimeout: TIME_LIMITS.requestTimeout,
    forceCloseConnections: 'idle',
    trustProxy: trustProxy(options.env.TRUSTED_PROXIES),
    // A checkout link is an encrypted token in the path; Fastify's own limit is 100 characters.
    routerOptions: { maxParamLength: 1_024 },
    ...ANSWERS,
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
      if (!options.badAddress?.(request, reply)) ANSWERS.frameworkErrors(error, request, reply);
    },
    http: { ...ANSWERS.http, ...TIME_LIMITS },
  });
  const app = await NestFactory.create<NestFastifyApplication>(options.module as Type, adapter, {
    bufferLogs: true,
    rawBody: true,
  });
  const logger = app.get(Logger);
  app.useLogger(logger);
  watchEventLoop(options.service, (line) => logger.warn(line));
  if (!options.answersErrors) app.useGlobalFilters(new ErrorAnswers(logger));
  app.enableShutdownHooks();
  await options.configure?.(app);
  await app.startAllMicroservices();
  const port = options.env.PORT ?? servicePort(options.service, options.env.WACO_PORT_BASE);
  (app.getHttpServer() as Server).maxConnections = MOST_CONNECTIONS;
  await app.listen(port, options.env.WACO_HOST);
  logger.log(`${options.service} listening on ${options.env.WACO_HOST}, port ${port}`);
  return app;
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
