import { recordPayment } from '#contracts';
import type { PaymentEvent } from '#core/checkout';
import { PAYMENT_ACCOUNT, type Notice } from '#core/tenancy';
import type { WebhookSecrets } from '#persistence';
import type { PaymentVendor } from '#vendors';
import { kept, work, type Arrival } from '../items.js';
import type { AccountKind } from './account-webhooks.js';
import type { Places } from './source.js';

/** A provider's webhooks: one address and one secret for each account of a merchant. */
export function paymentWebhooks(
  { kind, webhooks }: PaymentVendor,
  secretsOf: WebhookSecrets,
): AccountKind<PaymentEvent> {
  // The address of the first account goes without its key, which is the provider's kind.
  const accountIn = ({ account = kind }: Places): string => account;
  return {
    name: kind,
    port: 'payment',
    webhooks,
    open: async (merchantId, places) => {
      const account = accountIn(places);
      const { kind: of } = PAYMENT_ACCOUNT.exec(account)?.groups ?? {};
      if (of !== kind) return undefined;
      const secrets = await secretsOf.ofPaymentAccount(merchantId, account, webhooks.secret);
      const signed = { provider: kind, merchantId, account };
      return secrets && { id: account, secrets, arrivalOf: (notice, now) => arrivalOf(notice, signed, now) };
    },
  };
}

interface Signed {
  provider: string;
  merchantId: string;
  account: string;
}

export function arrivalOf(
  notice: Notice<PaymentEvent>,
  { provider, merchantId, account }: Signed,
  now: Date,
): Arrival {
  // Ids are counted for each account: one cannot keep another's event out by using its id first.
  const plain = account === provider && !notice.id.includes('/');
  const eventId = plain ? notice.id : `${account}/${notice.id}`;
  const said = {
    source: provider,
    externalId: `event/${eventId}`.slice(0, 500),
    occurredAt: notice.occurredAt ?? now,
  };
  const evidence = { eventId: notice.id, type: notice.name, account };
  if (!('event' in notice))
    return kept('ignored', notice.ignored, { ...said, merchantId, payload: evidence });
  const { merchantId: owner, ...facts } = notice.event;
  if (owner !== undefined && owner !== merchantId) {
    const claim = { ...evidence, owner, signedBy: merchantId };
    return kept('quarantined', 'another_merchant', { ...said, merchantId: null, payload: claim });
  }
  return work(recordPayment, { provider, ...facts, account, eventId }, merchantId, now, said);
}
