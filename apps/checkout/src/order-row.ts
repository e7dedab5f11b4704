import type { EntityManager } from 'typeorm';
import type { Order } from '#core/checkout';
import { readPerson, writtenPerson } from '#core/messaging';

type Work = Pick<
  Order,
  'pending' | 'prolonged' | 'round' | 'reserving' | 'placing' | 'releasing' | 'closing' | 'timer'
>;

/** The order by columns. */
function rowOf(o: Order): Record<string, unknown> {
  const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));
  const { pending, prolonged, round, reserving, placing, releasing, closing, timer } = o;
  const work: Work = { pending, prolonged, round, reserving, placing, releasing, closing, timer };
  return {
    merchant_id: o.merchantId,
    order_ref: o.orderRef,
    thread_id: o.threadId,
    thread_stream: o.threadStream,
    person: json(writtenPerson(o.person)),
    state: o.state,
    version: o.version,
    accepted_quote: json(o.accepted),
    present_quote: json(o.present),
    nonce: o.nonce,
    link_token: o.token,
    pay_before: o.payBefore,
    reservation_id: o.hold?.reservationId ?? null,
    reservation_expires_at: o.hold?.expiresAt ?? null,
    payment_account: o.account,
    session_attempt: o.session?.attempt ?? null,
    session_id: o.session?.id ?? null,
    session_url: o.session?.url ?? null,
    session_expires_at: o.session?.expiresAt ?? null,
    session_ids: o.sessionIds,
    payment_id: o.payment?.paymentId ?? null,
    payment_session_id: o.payment?.sessionId ?? null,
    payment_amount: json(o.payment?.amount ?? null),
    paid_at: o.payment?.paidAt ?? null,
    refunds: json(o.refunds),
    store_order_number: o.storeOrder?.number ?? null,
    store_order_id: o.storeOrder?.orderId ?? null,
    store_status: json(o.storeStatus),
    fulfilments: json(o.parcels),
    early_fulfilments: json(o.early),
    told: o.told,
    work: json(work),
    created_at: o.createdAt,
    updated_at: o.updatedAt,
  };
}

/** Writes the order as it is now. */
export async function saveOrder(tx: EntityManager, order: Order): Promise<void> {
  const row = rowOf(order);
  const columns = Object.keys(row);
  const keys = ['merchant_id', 'order_ref'];
  const changes = columns.filter((c) => !keys.includes(c)).map((c) => `${c} = excluded.${c}`);
  await tx.query(
    `INSERT INTO checkout.orders (${columns.join(', ')}) VALUES (${columns.map((_, i) => `$${i + 1}`).join(', ')})
     ON CONFLICT (merchant_id, order_ref) DO UPDATE SET ${changes.join(', ')}`,
    Object.values(row),
  );
}

/** Null when the merchant has no such order. `lock`: nobody else changes it until this transaction ends. */
export async function loadOrder(tx: EntityManager, orderRef: string, lock: boolean): Promise<Order | null> {
  const rows = (await tx.query(
    `SELECT * FROM checkout.orders WHERE order_ref = $1 ${lock ? 'FOR UPDATE' : ''}`,
    [orderRef],
  )) as Record<string, unknown>[];
  return rows[0] ? toOrder(rows[0]) : null;
}

function toOrder(row: Record<string, unknown>): Order {
  const at = <T>(column: string): T => row[column] as T;
  const time = (column: string): string | null => (row[column] as Date | null)?.toISOString() ?? null;
  const [reservationId, attempt, orderId] = [
    at<string | null>('reservation_id'),
    at<number | null>('session_attempt'),
    at<string | null>('store_order_id'),
  ];
  return {
    merchantId: at('merchant_id'),
    orderRef: at('order_ref'),
    threadId: at('thread_id'),
    threadStream: at('thread_stream'),
    person: readPerson(at<object>('person')),
    state: at('state'),
    version: at('version'),
    accepted: at('accepted_quote'),
    present: at('present_quote'),
    nonce: at('nonce'),
    token: at('link_token'),
    payBefore: time('pay_before'),
    hold: reservationId === null ? null : { reservationId, expiresAt: time('reservation_expires_at')! },
    account: at('payment_account'),
    session:
      attempt === null
        ? null
        : { attempt, expiresAt: time('session_expires_at')!, id: at('session_id'), url: at('session_url') },
    sessionIds: at('session_ids'),
    payment:
      row.paid_at === null
        ? null
        : {
            paymentId: at('payment_id'),
            sessionId: at('payment_session_id'),
            amount: at('payment_amount'),
            paidAt: time('paid_at')!,
          },
    refunds: at('refunds'),
    storeOrder: orderId === null ? null : { number: at('store_order_number'), orderId },
    storeStatus: at('store_status'),
    parcels: at('fulfilments'),
    early: at('early_fulfilments'),
    told: at('told'),
    ...at<Work>('work'),
    createdAt: time('created_at')!,
    updatedAt: time('updated_at')!,
  };
}
