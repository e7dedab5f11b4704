import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { parseStoreWebhook, verifyStoreWebhook, type StoreEvent } from '#adapters/rest-store';
import { recordChange, recordFulfilment, recordStoreOrder } from '#contracts';
import { storable } from '#core/messaging';
import { WebhookSecrets, type GivenUp } from '#persistence';
import { CLOCK, type Clock } from '#platform';
import { Budgets } from '../budgets.js';
import { isMerchantId, malformed, ok, unsigned, type Answer } from '../http/answer.js';
import type { Taker } from '../http/reception.js';
import { Intake } from '../intake.js';
import { kept, work, type Arrival } from '../items.js';

/** The webhooks of a merchant's shop: catalog, orders, parcels. */
@Injectable()
export class StoreWebhooks {
  constructor(
    private readonly intake: Intake,
    private readonly secrets: WebhookSecrets,
    private readonly budgets: Budgets,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  taker(merchantId: string): Taker {
    return {
      merchantId: () => Promise.resolve(merchantId),
      receive: (body, signature, signal) => this.receive(merchantId, body, signature, signal),
    };
  }

  private async receive(
    merchantId: string,
    rawBody: Buffer,
    signature: string,
    signal: GivenUp,
  ): Promise<Answer> {
    const known = isMerchantId(merchantId) ? await this.secrets.ofStore(merchantId) : [];
    const now = this.clock.now();
    // For a merchant that does not exist the signature is checked as well, against a secret that nobody has.
    const secrets = known.length > 0 ? known : [randomBytes(16).toString('hex')];
    const verdict = verifyStoreWebhook(rawBody, signature, secrets, now);
    if (verdict.outcome === 'refused') return unsigned;
    const parsed = parseStoreWebhook(rawBody);
    if (parsed.outcome === 'malformed') return malformed(parsed.reason);
    const arrivals = [arrivalOf(storable(parsed.event) as StoreEvent, merchantId, now)];
    await this.budgets.count(merchantId, arrivals.length, rawBody.length, () =>
      this.intake.take('store', arrivals, signal),
    );
    return ok;
  }
}

export function arrivalOf(event: StoreEvent, merchantId: string, now: Date): Arrival {
  const { eventId, sequence, occurredAt } = event;
  const envelope = { eventId, sequence, occurredAt };
  const said = {
    source: 'store' as const,
    externalId: `event/${eventId}`,
    occurredAt: new Date(occurredAt),
  };
  switch (event.type) {
    case 'product.updated':
    case 'price.updated':
    case 'stock.updated': {
      const { type, sku, data } = event;
      return work(recordChange, { ...envelope, type, sku, data }, merchantId, now, said);
    }
    case 'order.updated': {
      const { orderRef, status } = event;
      return work(recordStoreOrder, { ...envelope, orderRef, status }, merchantId, now, said);
    }
    case 'fulfilment': {
      const { kind, orderRef, fulfilmentId, tracking, reason } = event;
      const payload = { ...envelope, kind, orderRef, fulfilmentId, tracking, reason };
      return work(recordFulfilment, payload, merchantId, now, said);
    }
    case 'other': {
      const payload = { ...envelope, type: event.name };
      const reason = 'an event that this version does not know';
      return kept('ignored', reason, { ...said, merchantId, payload });
    }
  }
}
