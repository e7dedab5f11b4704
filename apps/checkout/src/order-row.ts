import type { EntityManager } from 'typeorm';
import type { Order } from '#core/checkout';

/** Columns in the order of the values that {@link valuesOf} gives. */
const COLUMNS = [
  ...[
    'merchant_id',
    'order_ref',
    'thread_id',
    'thread_stream',
    'person',
    'state',
    'version',
    'accepted_quote',
  ],
  ...[
    'present_quote',
    'nonce',
    'link_token',
    'pay_before',
    'reservation_id',
    'reservation_expires_at',
    'payment_account',
  ],
  ...['session_attempt', 'session_id', 'session_url', 'session_expires_at', 'session_ids'],
  ...['payment_id', 'payment_session_id', 'payment_amount', 'paid_at', 'refunds'],
  ...[
    'store_order_number',
    'store_order_id',
    'store_status',
    'fulfilments',
    'early_fulfilments',
    'told',
    'work',
  ],
  ...['created_at', 'updated_at'],
];

type Work = Pick<
  Order,
  'pending' | 'prolonged' | 'round' | 'reserving' | 'placing' | 'releasing' | 'closing' | 'timer'
>;

function valuesOf(o: Order): unknown[] {
  const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));
  const { pending, prolonged, round, reserving, placing, releasing, closing, timer } = o;
  const work: Work = { pending, prolonged, round, reserving, placing, releasing, closing, timer };
  return [
    ...[
      o.merchantId,
      o.orderRef,
      o.threadId,
      o.threadStream,
      json(o.person),
      o.state,
      o.version,
      json(o.accepted),
    ],
    ...[
      json(o.present),
      o.nonce,
      o.token,
      o.payBefore,
      o.hold?.reservationId ?? null,
      o.hold?.expiresAt ?? null,
      o.account,
    ],
    ...[
      o.session?.attempt ?? null,
      o.session?.id ?? null,
      o.session?.url ?? null,
      o.session?.expiresAt ?? null,
    ],
    o.sessionIds,
    ...[o.payment?.paymentId ?? null, o.payment?.sessionId ?? null, json(o.payment?.amount ?? null)],
    ...[o.payment?.paidAt ?? null, json(o.refunds)],
    ...[o.storeOrder?.number ?? null, o.storeOrder?.orderId ?? null, json(o.storeStatus)],
    ...[json(o.parcels), json(o.early), o.told, json(work), o.createdAt, o.updatedAt],
  ];
}

/** Writes the order as it is now. */
export async function saveOrder(tx: EntityManager, order: Order): Promise<void> {
  const keys = ['merchant_id', 'order_ref'];
  const changes = COLUMNS.filter((c) => !keys.includes(c)).map((c) => `${c} = excluded.${c}`);
  await tx.query(
    `INSERT INTO checkout.orders (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map((_, i) => `$${i + 1}`).join(', ')})
     ON CONFLICT (merchant_id, order_ref) DO UPDATE SET ${changes.join(', ')}`,
    valuesOf(order),
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
    ...{ merchantId: at('merchant_id'), orderRef: at('order_ref') },
    ...{ threadId: at('thread_id'), threadStream: at('thread_stream'), person: at('person') },
    ...{
      state: at('state'),
      version: at('version'),
      accepted: at('accepted_quote'),
      present: at('present_quote'),
    },
    ...{ nonce: at('nonce'), token: at('link_token'), payBefore: time('pay_before') },
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
            ...{ paymentId: at('payment_id'), sessionId: at('payment_session_id') },
            ...{ amount: at('payment_amount'), paidAt: time('paid_at')! },
          },
    refunds: at('refunds'),
    storeOrder: orderId === null ? null : { number: at('store_order_number'), orderId },
    storeStatus: at('store_status'),
    ...{ parcels: at('fulfilments'), early: at('early_fulfilments'), told: at('told') },
    ...at<Work>('work'),
    ...{ createdAt: time('created_at')!, updatedAt: time('updated_at')! },
  };
}
