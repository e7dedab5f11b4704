import { Injectable, Logger, type RawBodyRequest } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expand } from './expand.js';
import { parseForm } from './form.js';
import { Params } from './params.js';
import { API_VERSION, StripeBooks, type Cause } from './stripe-books.js';
import { StripeError } from './stripe-error.js';
import { orderedError, StripeFaults, type StripeFault } from './stripe-faults.js';
import { newRequestId } from './stripe-ids.js';
import type { AccountDoc } from './stripe.types.js';

/** https://docs.stripe.com/api/idempotent_requests: keys are forgotten after 24 hours. */
const KEPT_S = 24 * 3600;
const LONGEST_KEY = 255;

export type StripeRequest = RawBodyRequest<FastifyRequest>;

export interface Call {
  account: string;
  params: Params;
  cause: Cause;
  /** Where this server is reached, from the request's host. */
  origin: string;
}

interface Answer {
  status: number;
  body: unknown;
  replayOf?: string;
  /** Tells the SDK that trying again is no use, because the same answer would come. */
  final?: boolean;
}

/** The front of the API: keys, versions, idempotency, ordered faults, and the shape of answers and refusals. */
@Injectable()
export class StripeGate {
  private readonly log = new Logger(StripeGate.name);

  constructor(
    private readonly books: StripeBooks,
    private readonly faults: StripeFaults,
  ) {}

  /** Runs `work`, which must not await, and answers with the object it gives, or with the refusal it throws. */
  async answer(request: StripeRequest, reply: FastifyReply, work: (call: Call) => object): Promise<void> {
    const requestId = newRequestId();
    const fault = this.faults.take(request.url.split('?')[0]!);
    const answer = this.runGuarded(request, requestId, fault, work);
    if (fault?.kind === 'reset-after-apply') {
      reply.hijack();
      request.raw.socket.destroy();
      return;
    }
    if (fault?.kind === 'delay') await sleep(fault.ms);
    const { status, body, replayOf, final } = answer;
    const key = idempotencyKey(request);
    void reply.headers({
      'request-id': requestId,
      'stripe-version': version(request),
      ...(key && { 'idempotency-key': key }),
      ...(replayOf && { 'idempotent-replayed': 'true', 'original-request': replayOf }),
      ...(final && { 'stripe-should-retry': 'false' }),
    });
    void reply.status(status).type('application/json').send(JSON.stringify(body));
  }

  private runGuarded(
    request: StripeRequest,
    requestId: string,
    fault: StripeFault | undefined,
    work: (call: Call) => object,
  ): Answer {
    try {
      const account = this.authenticate(request);
      refuseVersion(version(request));
      return this.once(request, account, requestId, () => {
        if (fault?.kind === 'error') throw orderedError(fault.status, fault.code);
        return this.run(request, account, requestId, work);
      });
    } catch (error) {
      if (error instanceof StripeError) return { status: error.status, body: error.body };
      this.log.error(error);
      const message = 'An unknown error occurred';
      return { status: 500, body: { error: { message, type: 'api_error' } } };
    }
  }

  private run(
    request: StripeRequest,
    account: AccountDoc,
    requestId: string,
    work: (call: Call) => object,
  ): object {
    const form = parseForm(formText(request));
    const params = new Params(form);
    const result = work({
      account: account.id,
      params,
      cause: { id: requestId, idempotency_key: idempotencyKey(request) ?? null },
      origin: `${request.protocol}://${request.host}`,
    });
    return expand(this.books, { ...result }, params.texts('expand'));
  }

  private once(request: StripeRequest, account: AccountDoc, requestId: string, run: () => object): Answer {
    const key = request.method === 'POST' ? idempotencyKey(request) : undefined;
    if (key === undefined) return { status: 200, body: run() };
    if (key.length > LONGEST_KEY) {
      throw new StripeError(`Idempotency keys can be up to ${LONGEST_KEY} characters long`);
    }
    const id = `${account.id}\n${key}`;
    const fingerprint = fingerprintOf(request);
    const earlier = this.books.replays.get(id);
    if (earlier && this.books.now() - earlier.at < KEPT_S) {
      if (earlier.fingerprint !== fingerprint) throw keyReused(key);
      const { status, body, requestId: replayOf } = earlier;
      return { status, body, replayOf, final: status >= 500 };
    }
    const keep = (status: number, body: unknown): Answer => {
      this.books.replays.put(id, { fingerprint, status, body, requestId, at: this.books.now() });
      return { status, body, final: status >= 500 };
    };
    try {
      return keep(200, run());
    } catch (error) {
      if (!(error instanceof StripeError) || error.beforeRunning) throw error;
      return keep(error.status, error.body);
    }
  }

  private authenticate(request: StripeRequest): AccountDoc {
    const key = secretKeyOf(request.headers.authorization ?? '');
    if (!key) {
      throw new StripeError(
        'You did not provide an API key. You need to provide your API key in the Authorization header, using ' +
          "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
        { status: 401 },
      );
    }
    const account = this.books.accounts.all().find((known) => known.secretKey === key);
    if (!account) throw new StripeError(`Invalid API Key provided: ${masked(key)}`, { status: 401 });
    const asked = request.headers['stripe-account'];
    if (asked !== undefined && asked !== account.id) {
      throw new StripeError(
        `The provided key '${masked(key)}' does not have access to account '${String(asked)}' (or that account ` +
          'does not exist). Application access may have been revoked.',
        { status: 403, code: 'account_invalid' },
      );
    }
    return account;
  }
}

function secretKeyOf(authorization: string): string | undefined {
  const [scheme, value = ''] = authorization.split(' ');
  if (/^bearer$/i.test(scheme ?? '')) return value || undefined;
  if (!/^basic$/i.test(scheme ?? '')) return undefined;
  return Buffer.from(value, 'base64').toString('utf8').split(':')[0] || undefined;
}

function masked(key: string): string {
  return key.length < 12 ? '****' : `${key.slice(0, 8)}${'*'.repeat(8)}${key.slice(-4)}`;
}

function version(request: StripeRequest): string {
  return String(request.headers['stripe-version'] ?? API_VERSION);
}

function refuseVersion(asked: string): void {
  if (!/^\d{4}-\d\d-\d\d(\.[a-z]+)?$/.test(asked)) {
    throw new StripeError(`Invalid Stripe API version: ${asked}`);
  }
}

function idempotencyKey(request: StripeRequest): string | undefined {
  const key = request.headers['idempotency-key'];
  return typeof key === 'string' && key !== '' ? key : undefined;
}

function formText(request: StripeRequest): string {
  if (request.method === 'GET') return request.url.split('?')[1] ?? '';
  return request.rawBody?.toString('utf8') ?? '';
}

function fingerprintOf(request: StripeRequest): string {
  const text = `${request.method} ${request.url}\n${formText(request)}`;
  return createHash('sha256').update(text).digest('hex');
}

function keyReused(key: string): StripeError {
  return new StripeError(
    'Keys for idempotent requests can only be used with the same parameters they were first used with. Try using ' +
      `a key other than '${key}' if you meant to execute a different request.`,
    { type: 'idempotency_error' },
  );
}
