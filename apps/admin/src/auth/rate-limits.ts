import rateLimit from '@fastify/rate-limit';
import { Inject, Injectable } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Caller } from '#core/tenancy';
import { ENV } from '#platform';
import type { AdminEnv } from '../env.js';
import { sendProblem } from '../http/problem.filter.js';
import { problem, problemBody } from '../http/problem.js';
import { limitStore } from './limit-store.js';
import { RequestCounts } from './request-counts.js';

const MINUTE_MS = 60_000;
/** Probes and scrapers come from one address, and often. */
const UNLIMITED = /^\/(health\/|metrics$)/;

type Limited = FastifyRequest & { caller?: Caller };
type Limit = (request: FastifyRequest) => Promise<LimitVerdict>;
type LimitVerdict =
  { isAllowed: true } | { isAllowed: false; isExceeded: boolean; ttlInSeconds: number; remaining: number };

/** How much an address, and a key, may ask for in a minute, of all replicas together. */
@Injectable()
export class RateLimits {
  private byKey: Limit | undefined;

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
      keyGenerator: (request) => `address/${addressOf(request, this.env.TRUSTED_PROXIES)}`,
      allowList: (request) => UNLIMITED.test(request.url),
    });
    this.byKey = server.createRateLimit({
      max: this.env.RATE_LIMIT_PER_KEY,
      timeWindow: MINUTE_MS,
      keyGenerator: (request) => `key/${(request as Limited).caller?.keyId ?? 'nobody'}`,
    });
    server.addHook('onRequest', async (request, reply) => {
      const verdict = await byAddress(request);
      if (verdict.isAllowed || !verdict.isExceeded) return undefined;
      sayWhen(reply, verdict.ttlInSeconds);
      sendProblem(reply, problemBody(429, 'rate_limited', 'too many requests from this address'));
      return reply;
    });
  }

  /** Counts a request of the key that was accepted. @throws ProblemException 429. */
  async countKey(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const verdict = await this.byKey?.(request);
    if (!verdict || verdict.isAllowed) return;
    void reply.header('ratelimit-limit', String(this.env.RATE_LIMIT_PER_KEY));
    void reply.header('ratelimit-remaining', String(verdict.remaining));
    void reply.header('ratelimit-reset', String(verdict.ttlInSeconds));
    if (!verdict.isExceeded) return;
    sayWhen(reply, verdict.ttlInSeconds);
    throw problem(429, 'rate_limited', 'too many requests with this key');
  }
}

/**
 * The address that the outermost trusted proxy was called from. What stands further out in `X-Forwarded-For` was
 * written by whoever sent it.
 */
export function addressOf(request: Pick<FastifyRequest, 'ips' | 'ip'>, proxies: number): string {
  const { ips } = request;
  return ips?.[Math.min(proxies, ips.length - 1)] ?? request.ip;
}

function sayWhen(reply: FastifyReply, seconds: number): void {
  void reply.header('retry-after', String(Math.max(1, seconds)));
}
