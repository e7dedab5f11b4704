import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { newSession } from './new-session.js';
import type { Params } from './params.js';
import { charge, newIntent, settle } from './payment-objects.js';
import { StripeBooks, type Cause } from './stripe-books.js';
import { StripeError } from './stripe-error.js';
import type { Method, Outcome, SessionDoc, SessionObject, Settlement } from './stripe.types.js';

const SWEEP_MS = 500;
const BY_ITSELF: Cause = { id: null, idempotency_key: null };
const CHARGE_STATUS = { paid: 'succeeded', declined: 'failed', delayed: 'pending' } as const;

/** What the customer did on the pay page. */
export interface Completion {
  outcome: Outcome;
  method: Method;
  /** For `delayed`: how and after how many milliseconds the money arrives or does not. */
  settlesAs: Settlement;
  settleAfterMs: number;
}

/** The life of a checkout session: open, then complete or expired. */
@Injectable()
export class Checkout implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly books: StripeBooks) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.sweep(), SWEEP_MS);
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  create(account: string, params: Params, origin: string): SessionDoc {
    const publicUrl = this.books.accounts.get(account)?.publicUrl ?? origin;
    const session = newSession(params, account, this.books.now(), publicUrl);
    const { id, expires_at: expiresAt } = session.object;
    this.books.sessions.put(id, session);
    this.books.open.put(id, { id, expiresAt });
    return session;
  }

  get(account: string, id: string): SessionDoc {
    this.sweep();
    return this.books.owned(this.books.sessions, 'checkout.session', account, id);
  }

  /** The session whatever account it is of: the pay page knows only the id. */
  find(id: string): SessionDoc | undefined {
    this.sweep();
    return this.books.sessions.get(id);
  }

  /** @throws StripeError 400 when the session is not open any more. */
  expire(account: string, id: string, cause: Cause): SessionDoc {
    const session = this.get(account, id);
    if (session.object.status !== 'open') {
      throw new StripeError(
        'Only Checkout Sessions with a status in ["open"] can be expired. ' +
          `This Checkout Session has a status of ${session.object.status}.`,
      );
    }
    return this.end(session, cause);
  }

  /**
   * Pays, or tries to. A decline leaves the session open, so that the customer can try again.
   * The caller has made sure that the session is open.
   */
  complete(session: SessionDoc, { outcome, method, settlesAs, settleAfterMs }: Completion): SessionDoc {
    const { account, object } = session;
    const now = this.books.now();
    const earlier = object.payment_intent ? this.books.intents.get(object.payment_intent)?.object : undefined;
    const made = charge(earlier ?? newIntent(session, now), { status: CHARGE_STATUS[outcome], method, now });
    this.books.charges.put(made.charge.id, { account, object: made.charge });
    this.books.intents.put(made.intent.id, { account, object: made.intent });
    if (outcome === 'declined') return this.put(session, { payment_intent: made.intent.id });
    const done = this.put(session, {
      customer_details: customerOf(object),
      payment_intent: made.intent.id,
      payment_status: outcome === 'paid' ? 'paid' : 'unpaid',
      status: 'complete',
      url: null,
    });
    this.books.open.delete(object.id);
    if (outcome === 'delayed') {
      const at = this.books.nowMs() + settleAfterMs;
      this.books.settling.put(object.id, { id: object.id, at, as: settlesAs });
    }
    this.books.emit(account, 'checkout.session.completed', done.object, BY_ITSELF);
    return done;
  }

  /** A delayed payment's money arrives, or does not. False when nothing was waiting for it. */
  settle(id: string, as: Settlement): boolean {
    const session = this.books.sessions.get(id);
    const intentId = session?.object.payment_intent;
    const intent = intentId ? this.books.intents.get(intentId)?.object : undefined;
    const pending = intent?.latest_charge ? this.books.charges.get(intent.latest_charge)?.object : undefined;
    this.books.settling.delete(id);
    if (!session || !intent || pending?.status !== 'pending') return false;
    const { account } = session;
    const settled = settle(intent, pending, as);
    this.books.charges.put(settled.charge.id, { account, object: settled.charge });
    this.books.intents.put(settled.intent.id, { account, object: settled.intent });
    const after = this.put(session, as === 'succeeded' ? { payment_status: 'paid' } : {});
    this.books.emit(account, `checkout.session.async_payment_${as}`, after.object, BY_ITSELF);
    return true;
  }

  /** Ends sessions and settles delayed payments whose time has come. */
  sweep(): void {
    const nowMs = this.books.nowMs();
    for (const { id, expiresAt } of this.books.open.all()) {
      const session = expiresAt * 1000 <= nowMs ? this.books.sessions.get(id) : undefined;
      if (session) this.end(session, BY_ITSELF);
    }
    for (const { id, at, as } of this.books.settling.all()) if (at <= nowMs) this.settle(id, as);
  }

  private end(session: SessionDoc, cause: Cause): SessionDoc {
    const ended = this.put(session, { status: 'expired', url: null });
    this.books.open.delete(session.object.id);
    this.books.emit(session.account, 'checkout.session.expired', ended.object, cause);
    return ended;
  }

  private put(session: SessionDoc, change: Partial<SessionObject>): SessionDoc {
    const changed: SessionDoc = { ...session, object: { ...session.object, ...change } };
    this.books.sessions.put(changed.object.id, changed);
    return changed;
  }
}

function customerOf(session: SessionObject): SessionObject['customer_details'] {
  return {
    address: { country: 'AE' },
    email: session.customer_email ?? 'customer@example.com',
    name: 'Test Customer',
    phone: null,
    tax_exempt: 'none',
    tax_ids: [],
  };
}
