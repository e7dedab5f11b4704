import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, hmacSha256, type Clock } from '#platform';
import { Documents, type Collection } from '../world/documents.js';
import { WebhookSender } from '../world/webhooks.js';
import { missing } from './stripe-error.js';
import { newEventId } from './stripe-ids.js';
import type {
  AccountDoc,
  ChargeObject,
  EventObject,
  IntentObject,
  Owned,
  RefundObject,
  ReplayDoc,
  SessionDoc,
  Settlement,
  StripeEventType,
} from './stripe.types.js';

export const API_VERSION = '2026-10-28.endive';

const SIGNER = 'stripe';

/** The request that caused an event; none for what happens by itself. */
export interface Cause {
  id: string | null;
  idempotency_key: string | null;
}

/** Documents of the simulated Stripe, and its events. Everything changes synchronously, so one call is atomic. */
@Injectable()
export class StripeBooks {
  readonly accounts: Collection<AccountDoc>;
  readonly sessions: Collection<SessionDoc>;
  /** Ids of open sessions with the time they end, in unix seconds. */
  readonly open: Collection<{ id: string; expiresAt: number }>;
  /** Delayed payments that settle by themselves, with the time in unix milliseconds. */
  readonly settling: Collection<{ id: string; at: number; as: Settlement }>;
  readonly intents: Collection<Owned<IntentObject>>;
  readonly charges: Collection<Owned<ChargeObject>>;
  readonly refunds: Collection<Owned<RefundObject>>;
  readonly events: Collection<Owned<EventObject>>;
  readonly replays: Collection<ReplayDoc>;

  constructor(
    documents: Documents,
    private readonly webhooks: WebhookSender,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.accounts = documents.collection('stripe.accounts');
    this.sessions = documents.collection('stripe.sessions');
    this.open = documents.collection('stripe.open');
    this.settling = documents.collection('stripe.settling');
    this.intents = documents.collection('stripe.intents');
    this.charges = documents.collection('stripe.charges');
    this.refunds = documents.collection('stripe.refunds');
    this.events = documents.collection('stripe.events');
    this.replays = documents.collection('stripe.replays');
    webhooks.registerSigner(SIGNER, (body, secret, now) => {
      const t = Math.floor(now.getTime() / 1000);
      return {
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
        'stripe-signature': `t=${t},v1=${hmacSha256(secret, `${t}.${body}`)}`,
      };
    });
  }

  nowMs(): number {
    return this.clock.now().getTime();
  }

  /** Unix seconds. */
  now(): number {
    return Math.floor(this.nowMs() / 1000);
  }

  /** The object with this id, if it is the account's. @throws StripeError `resource_missing`. */
  owned<D extends Owned<unknown>>(
    from: Collection<D>,
    kind: string,
    account: string,
    id: string,
    param?: string,
  ): D {
    const doc = from.get(id);
    if (!doc || doc.account !== account) throw missing(kind, id, param);
    return doc;
  }

  emit(account: string, type: StripeEventType, object: object, cause: Cause): void {
    const event: EventObject = {
      id: newEventId(),
      object: 'event',
      api_version: API_VERSION,
      created: this.now(),
      data: { object: { ...object } },
      livemode: false,
      pending_webhooks: 1,
      request: cause,
      type,
    };
    this.events.put(event.id, { account, object: event });
    const settings = this.accounts.get(account);
    if (!settings) return;
    this.webhooks.send({
      url: settings.webhookUrl,
      body: JSON.stringify(event, null, 2), // as the real one is sent: verifying a re-serialised body must fail
      signer: SIGNER,
      key: settings.webhookSecret,
      lane: `stripe:${account}`,
    });
  }
}
