import { ofChange, recordChange, recordFulfilment, recordStoreOrder } from '#contracts';
import type { StoreEvent } from '#core/catalog';
import type { Notice } from '#core/tenancy';
import type { WebhookSecrets } from '#persistence';
import type { StoreVendor } from '#vendors';
import { kept, work, type Arrival } from '../items.js';
import type { AccountKind } from './account-webhooks.js';

/** The webhooks of merchants' shops: catalog, orders, parcels. */
export function storeWebhooks(
  { kind, source, webhooks }: StoreVendor,
  secretsOf: WebhookSecrets,
): AccountKind<StoreEvent> {
  return {
    name: source,
    port: 'store',
    webhooks,
    open: async (merchantId) => {
      const secrets = await secretsOf.ofStore(merchantId, kind, webhooks.secret);
      return (
        secrets && {
          id: kind,
          secrets,
          arrivalOf: (notice, now) => arrivalOf(notice, source, merchantId, now),
        }
      );
    },
  };
}

function arrivalOf(notice: Notice<StoreEvent>, source: string, merchantId: string, now: Date): Arrival {
  const { id: eventId, occurredAt = now } = notice;
  const said = { source, externalId: `event/${eventId}`, occurredAt };
  const envelope = { eventId, occurredAt: occurredAt.toISOString() };
  if (!('event' in notice)) {
    const payload = { ...envelope, type: notice.name };
    return kept('ignored', notice.ignored, { ...said, merchantId, payload });
  }
  const { event } = notice;
  const { sequence } = event;
  switch (event.about) {
    case 'catalog': {
      const payload = { ...envelope, sequence, ...ofChange(event.change) };
      return work(recordChange, payload, merchantId, now, said);
    }
    case 'order': {
      const { orderRef, status } = event;
      return work(recordStoreOrder, { ...envelope, sequence, orderRef, status }, merchantId, now, said);
    }
    case 'fulfilment': {
      const { status: kind, orderRef, fulfilmentId, tracking, reason } = event;
      const payload = { ...envelope, sequence, kind, orderRef, fulfilmentId, tracking, reason };
      return work(recordFulfilment, payload, merchantId, now, said);
    }
  }
}
