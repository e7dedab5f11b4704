import type { IncomingMessage, Server } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Logger } from 'nestjs-pino';
import { DEFAULT_PAYMENT_ACCOUNT } from '#core/tenancy';
import type { GivenUp } from '../group-commit.js';
import type { Source } from '../items.js';
import * as metrics from '../metrics.js';
import { StoreWebhooks } from '../sources/store-webhooks.js';
import { StripeWebhooks } from '../sources/stripe-webhooks.js';
import { WhatsAppWebhooks } from '../sources/whatsapp-webhooks.js';
import type { Answer, Reply } from './answer.js';
import { openExpressLane } from './express-lane.js';

/** Meta sends up to 3 MB; the rest is room for what it does not document. */
export const BODY_LIMIT = 3 * 1_048_576 + 262_144;
/** A webhook that is not journaled by then is given back: its sender keeps it and tries again. */
const ANSWER_WITHIN_MS = 5_000;
const RETRY_AFTER_SECONDS = '5';
const META_SIGNATURE = 'x-hub-signature-256';

type Receive = (request: FastifyRequest, rawBody: Buffer, signal: GivenUp) => Promise<Answer>;
type Take = (signal: GivenUp) => Promise<Answer>;

/**
 * The webhook routes stand beside Nest's controllers, in a Fastify scope of their own: they take the body's raw bytes,
 * whatever its content type says, and pass no pipe, guard or interceptor. The busiest of them has an express lane.
 */
export async function webhookRoutes(app: NestFastifyApplication): Promise<void> {
  const whatsapp = app.get(WhatsAppWebhooks);
  const stripe = app.get(StripeWebhooks);
  const store = app.get(StoreWebhooks);
  const log = app.get(Logger);
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;

  await fastify.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_LIMIT }, (_request, body, done) =>
      done(null, body),
    );
    scope.setErrorHandler((error: { statusCode?: number }, request, reply) => {
      // Fastify itself refuses what is too large or no HTTP; anything else is a fault of ours.
      const status = error.statusCode ?? 500;
      if (status >= 500) log.error({ event: 'webhook.fault', err: error });
      metrics.webhooks.inc({ source: sourceOf(request), answer: String(status) });
      return reply.code(status).send();
    });

    const handshake = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const challenge = await whatsapp.handshake(request.query, appOf(request));
      const status = challenge === undefined ? 403 : 200;
      metrics.webhooks.inc({ source: 'whatsapp', answer: String(status) });
      return reply
        .code(status)
        .type('text/plain')
        .send(challenge ?? '');
    };
    scope.get('/webhooks/whatsapp', handshake);
    scope.get('/webhooks/whatsapp/:app', handshake);

    const post = (url: string, source: Source, receive: Receive): void => {
      scope.post(url, { bodyLimit: BODY_LIMIT }, async (request, reply) => {
        const rawBody = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const { status, headers, body } = await replyTo(source, (s) => receive(request, rawBody, s), log);
        return reply
          .code(status)
          .headers(headers ?? {})
          .send(body);
      });
    };
    const fromMeta: Receive = (request, body, signal) =>
      whatsapp.receive(body, header(request, META_SIGNATURE), signal, appOf(request));
    post('/webhooks/whatsapp', 'whatsapp', fromMeta);
    post('/webhooks/whatsapp/:app', 'whatsapp', fromMeta);
    const fromStripe: Receive = (request, body, signal) => {
      const account = accountOf(request);
      return stripe.receive(merchantOf(request), account, body, header(request, 'stripe-signature'), signal);
    };
    post('/webhooks/payments/stripe/:merchant', 'stripe', fromStripe);
    post('/webhooks/payments/stripe/:merchant/:account', 'stripe', fromStripe);
    post('/webhooks/store/:merchant', 'store', (request, body, signal) =>
      store.receive(merchantOf(request), body, header(request, 'waco-signature'), signal),
    );
  });

  const lane = { path: '/webhooks/whatsapp', limit: BODY_LIMIT };
  openExpressLane(app.getHttpServer() as Server, lane, (request, body) =>
    replyTo('whatsapp', (signal) => whatsapp.receive(body, header(request, META_SIGNATURE), signal), log),
  );
}

/** 200 only for what is durable; when that cannot be said, 503, and the sender tries again. Never throws. */
async function replyTo(source: Source, take: Take, log: Logger): Promise<Reply> {
  const startedAt = performance.now();
  const reply = await within(ANSWER_WITHIN_MS, take).then(replyOf, (error: unknown): Reply => {
    const reason = error instanceof Error ? error.message : String(error);
    log.warn({ event: 'webhook.not-journaled', reason });
    return { status: 503, headers: { 'retry-after': RETRY_AFTER_SECONDS } };
  });
  metrics.webhooks.inc({ source, answer: String(reply.status) });
  metrics.acknowledged.observe({ source }, (performance.now() - startedAt) / 1_000);
  return reply;
}

function replyOf(answer: Answer): Reply {
  switch (answer.outcome) {
    case 'ok':
      return { status: 200 };
    case 'unsigned':
      return { status: 401 };
    case 'malformed':
      return { status: 400, body: { error: answer.reason } };
  }
}

/** @throws Error after `ms`; `work` is told by its signal. */
async function within<T>(ms: number, work: (signal: GivenUp) => Promise<T>): Promise<T> {
  const signal = { aborted: false };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      signal.aborted = true;
      reject(new Error(`not journaled within ${ms} ms`));
    }, ms);
  });
  try {
    return await Promise.race([work(signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

function header(request: FastifyRequest | IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

function merchantOf(request: FastifyRequest): string {
  return (request.params as { merchant: string }).merchant;
}

/** The merchant's key for its payment account; the address of the first one goes without. */
function accountOf(request: FastifyRequest): string {
  return (request.params as { account?: string }).account ?? DEFAULT_PAYMENT_ACCOUNT;
}

/** Undefined at the address of the platform's own app. */
function appOf(request: FastifyRequest): string | undefined {
  return (request.params as { app?: string }).app;
}

function sourceOf(request: FastifyRequest): string {
  const url = request.url.split('?')[0]!;
  if (url.startsWith('/webhooks/payments/stripe/')) return 'stripe';
  return url.startsWith('/webhooks/store/') ? 'store' : 'whatsapp';
}
