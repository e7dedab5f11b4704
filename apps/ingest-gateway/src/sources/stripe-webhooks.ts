import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { parseStripeEvent, verifyStripeWebhook, type StripeEvent } from '#adapters/stripe';
import { recordPayment } from '#contracts';
import { storable } from '#core/messaging';
import { DEFAULT_PAYMENT_ACCOUNT, PAYMENT_ACCOUNT } from '#core/tenancy';
import { WebhookSecrets, type GivenUp } from '#persistence';
import { CLOCK, type Clock } from '#platform';
import { Budgets } from '../budgets.js';
import { isMerchantId, malformed, ok, unsigned, type Answer } from '../http/answer.js';
import type { Taker } from '../http/reception.js';
import { Intake } from '../intake.js';
import { kept, work, type Arrival } from '../items.js';

/** Stripe's webhooks: one address and one secret for each account of a merchant. */
@Injectable()
export class StripeWebhooks {
  constructor(
    private readonly intake: Intake,
    private readonly secrets: WebhookSecrets,
    private readonly budgets: Budgets,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  taker(merchantId: string, account: string): Taker {
    return {
      merchantId: () => Promise.resolve(merchantId),
      receive: (body, signature, signal) => this.receive(merchantId, account, body, signature, signal),
    };
  }

  private async receive(
    merchantId: string,
    account: string,
    rawBody: Buffer,
    signature: string,
    signal: GivenUp,
  ): Promise<Answer> {
    const possible = isMerchantId(merchantId) && PAYMENT_ACCOUNT.test(account);
    const known = possible ? await this.secrets.ofPaymentAccount(merchantId, account) : [];
    const now = this.clock.now();
    // For a merchant or an account that does not exist the signature is checked as well, against a secret that nobody has.
    const secrets = known.length > 0 ? known : [randomBytes(16).toString('hex')];
    const webhook = verifyStripeWebhook(rawBody, signature, secrets, now);
    if (webhook.outcome === 'refused') {
      return webhook.reason === 'not_an_event'
        ? malformed('the body must be a Stripe event (object, id, type)')
        : unsigned;
    }
    const arrivals = [arrivalOf(storable(webhook.event) as StripeEvent, merchantId, account, now)];
    await this.budgets.count(merchantId, arrivals.length, rawBody.length, () =>
      this.intake.take('stripe', arrivals, signal),
    );
    return ok;
  }
}

export function arrivalOf(event: StripeEvent, merchantId: string, account: string, now: Date): Arrival {
  const occurredAt = createdAt(event) ?? now;
  // Ids are counted for each account: one cannot keep another's event out by using its id first. Stripe's have no `/`.
  const plain = account === DEFAULT_PAYMENT_ACCOUNT && !event.id.includes('/');
  const eventId = plain ? event.id : `${account}/${event.id}`;
  const said = { source: 'stripe' as const, externalId: `event/${eventId}`.slice(0, 500), occurredAt };
  const evidence = { eventId: event.id, type: event.type, account };
  let payment: ReturnType<typeof parseStripeEvent>;
  try {
    payment = parseStripeEvent(event);
  } catch (error) {
    // Signed, but not in Stripe's shape: kept, since sending it again would not help.
    const reason = `not readable: ${error instanceof Error ? error.message : String(error)}`;
    return kept('ignored', reason, { ...said, merchantId, payload: evidence });
  }
  if (payment.kind === 'ignored') {
    return kept('ignored', payment.reason, { ...said, merchantId, payload: evidence });
  }
  const { merchantId: owner, ...facts } = payment;
  if (owner !== undefined && owner !== merchantId) {
    const claim = { ...evidence, owner, signedBy: merchantId };
    return kept('quarantined', 'another_merchant', { ...said, merchantId: null, payload: claim });
  }
  const payload = { provider: 'stripe' as const, ...facts, account, eventId };
  return work(recordPayment, payload, merchantId, now, said);
}

function createdAt(event: StripeEvent): Date | undefined {
  const at = new Date(event.created * 1_000);
  return at.getTime() > 0 && at.getUTCFullYear() < 2_100 ? at : undefined;
}
