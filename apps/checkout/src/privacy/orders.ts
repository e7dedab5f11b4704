import type { EntityManager } from 'typeorm';
import { recordFulfilment } from '#contracts';

/** Orders in the middle of something that names the person to others. */
export const BUSY_STATES = ['paid', 'refunding'];

/** What is still to be paid: it is called off, as nobody can be told of it any more. */
export const UNPAID_STATES = ['requested', 'reserving', 'awaiting_payment'];

/**
 * Takes everybody out of these orders: name, numbers, line, links, what couriers wrote. Amounts, ids, dates and states
 * stay, and what is under way goes on.
 */
export async function withoutPerson(
  tx: EntityManager,
  merchantId: string,
  orderRefs: readonly string[],
  now: Date,
): Promise<void> {
  if (orderRefs.length === 0) return;
  const unsaid = (column: string): string =>
    `${column} = (SELECT coalesce(jsonb_agg(news - 'reason' ORDER BY place), '[]')
       FROM jsonb_array_elements(${column}) WITH ORDINALITY AS n(news, place))`;
  await tx.query(
    `UPDATE checkout.orders SET person = '{}', thread_stream = 'erased/' || order_ref, link_token = NULL,
       session_url = NULL, nonce = md5(random()::text || order_ref), ${unsaid('fulfilments')},
       ${unsaid('early_fulfilments')}, erased_at = $3
     WHERE merchant_id = $1 AND order_ref = ANY ($2)`,
    [merchantId, orderRefs, now],
  );
  // The same words, as the courier's webhooks brought them.
  await tx.query(
    `UPDATE journal.items SET payload = (payload::jsonb - 'reason')::json
     WHERE merchant_id = $1 AND name = $2 AND stream = ANY ($3) AND payload->>'reason' IS NOT NULL`,
    [merchantId, recordFulfilment.name, orderRefs.map((ref) => `order/${ref}`)],
  );
}
