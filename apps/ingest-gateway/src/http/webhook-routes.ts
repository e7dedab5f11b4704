import type { IncomingMessage, Server } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Logger } from 'nestjs-pino';
import { DEFAULT_PAYMENT_ACCOUNT } from '#core/tenancy';
import * as metrics from '../metrics.js';
import { StoreWebhooks } from '../sources/store-webhooks.js';
import { StripeWebhooks } from '../sources/stripe-webhooks.js';
import { WhatsAppWebhooks } from '../sources/whatsapp-webhooks.js';
import { openExpressLane } from './express-lane.js';
import { Reception, type Door, type Taker } from './reception.js';

const MEBIBYTE = 1_048_576;
/** Of shops, payment providers, and apps that merchants brought: one event, or a few updates of one number. */
const MERCHANTS_LIMIT = MEBIBYTE / 4;
const META_SIGNATURE = { header: 'x-hub-signature-256', form: /^sha256=[0-9a-f]{64}$/ };

/** Meta sends up to 3 MB; the rest is room for what it does not document. */
const PLATFORM_APP: Door = { source: 'whatsapp', limit: 3 * MEBIBYTE + MERCHANTS_LIMIT, ...META_SIGNATURE };
const OWN_APP: Door = { source: 'whatsapp', limit: MERCHANTS_LIMIT, ...META_SIGNATURE };
const STRIPE: Door = {
  source: 'stripe',
  limit: MERCHANTS_LIMIT,
  header: 'stripe-signature',
  form: /^t=[1-9]\d{0,10},(?:.*,)?v1=[0-9a-f]{64}(?:,|$)/,
};
const STORE: Door = {
  source: 'store',
  limit: MERCHANTS_LIMIT,
  header: 'waco-signature',
  form: /^t=[1-9]\d{0,10}(?:,v1=[0-9a-f]{64}){1,10}$/,
};

/**
 * The webhook routes stand beside Nest's controllers, in a Fastify scope of their own: they take the body's raw bytes,
 * whatever its content type says, and pass no pipe, guard or interceptor. The busiest of them has an express lane.
 */
export async function webhookRoutes(app: NestFastifyApplication): Promise<void> {
  const whatsapp = app.get(WhatsAppWebhooks);
  const stripe = app.get(StripeWebhooks);
  const store = app.get(StoreWebhooks);
  const reception = app.get(Reception);
  const log = app.get(Logger);
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;

  await fastify.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    // The body stays where it is until the reception has seen the signature.
    scope.addContentTypeParser('*', (_request, _body, done) => done(null));
    scope.setErrorHandler((error: { statusCode?: number }, request, reply) => {
      // Fastify itself refuses what is no HTTP; anything else is a fault of ours.
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

    const post = (url: string, door: Door, takerOf: (request: FastifyRequest) => Taker): void => {
      scope.post(url, { bodyLimit: door.limit }, async (request, reply) => {
        const { status, headers, body } = await reception.take(door, request.raw, takerOf(request));
        return reply
          .code(status)
          .headers(headers ?? {})
          .send(body);
      });
    };
    const fromStripe = (request: FastifyRequest): Taker =>
      stripe.taker(merchantOf(request), accountOf(request));
    post('/webhooks/whatsapp', PLATFORM_APP, () => whatsapp.taker());
    post('/webhooks/whatsapp/:app', OWN_APP, (request) => whatsapp.taker(appOf(request)));
    post('/webhooks/payments/stripe/:merchant', STRIPE, fromStripe);
    post('/webhooks/payments/stripe/:merchant/:account', STRIPE, fromStripe);
    post('/webhooks/store/:merchant', STORE, (request) => store.taker(merchantOf(request)));
  });

  const taker = whatsapp.taker();
  openExpressLane(app.getHttpServer() as Server, '/webhooks/whatsapp', (request: IncomingMessage) =>
    reception.take(PLATFORM_APP, request, taker),
  );
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
