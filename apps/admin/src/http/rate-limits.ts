import rateLimit from '@fastify/rate-limit';
import { Inject, Injectable } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '#core/tenancy';
import { ENV } from '#platform';
import { RequestCounts } from '../auth/request-counts.js';
import type { AdminEnv } from '../env.js';
import { sendProblem } from './problem.filter.js';
import { problem, problemBody } from './problem.js';
import { limitStore } from './limit-store.js';

const MINUTE_MS = 60_000;
/** Probes and scrapers come from one address, and often. */
const UNLIMITED = /^\/(health(\/|$)|metrics$)/;

type Limited = FastifyRequest & { caller?: Caller };
type Limit = (request: FastifyRequest) => Promise<LimitVerdict>;
type LimitVerdict =
  { isAllowed: true } | { isAllowed: false; isExceeded: boolean; ttlInSeconds: number; remaining: number };

/** How much an address, a merchant and an operator's key may ask for in a minute, of all replicas together. */
@Injectable()
export class RateLimits {
  private byCaller: Limit | undefined;

  constructor(
    private readonly counts: RequestCounts,
    @Inject(ENV) private readonly env: AdminEnv,
  ) {}

  /** Before any route is registered. */
  async mount(app: NestFastifyApplication): Promise<void> {
    const server = app.getHttpAdapter().getInstance();
    await server.register(rateLimit as never, { global: false, store: limitStore(this.counts) });
    const byAddress: Limit = server.createRateLimit({
      max: this.env.RATE_LIMIT_PER_ADDRESS,
      timeWindow: MINUTE_MS,
      keyGenerator: (request) => `address/${request.ip}`,
      allowList: (request) => UNLIMITED.test(request.url),
    });
    this.byCaller = server.createRateLimit({
      max: this.env.RATE_LIMIT_PER_KEY,
      timeWindow: MINUTE_MS,
      keyGenerator: (request) => callerName((request as Limited).caller!),
    });
    server.addHook('onRequest', async (request, reply) => {
      const verdict = await byAddress(request);
      if (verdict.isAllowed || !verdict.isExceeded) return undefined;
      sayWhen(reply, verdict.ttlInSeconds);
      sendProblem(reply, problemBody(429, 'rate_limited', 'too many requests from this address'));
      return reply;
    });
  }

  /** Counts a request of the caller who was accepted. @throws ProblemException 429. */
  async countCaller(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const verdict = await this.byCaller?.(request);
    if (!verdict || verdict.isAllowed) return;
    void reply.header('ratelimit-limit', String(this.env.RATE_LIMIT_PER_KEY));
    void reply.header('ratelimit-remaining', String(verdict.remaining));
    void reply.header('ratelimit-reset', String(verdict.ttlInSeconds));
    if (!verdict.isExceeded) return;
    sayWhen(reply, verdict.ttlInSeconds);
    throw problem(429, 'rate_limited', 'too many requests of this caller');
  }
}

/** All keys of a merchant are one caller: it may make many of them. */
export function callerName(caller: Caller): string {
  return caller.kind === 'merchant' ? `merchant/${caller.merchantId}` : `key/${caller.keyId}`;
}

export function sayWhen(reply: FastifyReply, seconds: number): void {
  void reply.header('retry-after', String(Math.max(1, seconds)));
}
