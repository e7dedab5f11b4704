import type { EntityManager } from 'typeorm';
import {
  callChannel,
  expireSession,
  noteOrder,
  placeOrder,
  refundPayment,
  releaseHold,
  reserveStock,
} from '#contracts';
import { itemsSeen, named, type ItemSeen, type Named } from '#evidence';
import type { CallItem, StatusItem } from './explain.js';
import { isUpTo, LARGEST_READ } from './payloads.js';

const SHOWN = [
  'id',
  'name',
  'source',
  'service',
  'external_id',
  'occurred_at',
  'due_at',
  'settled_at',
  'parked_at',
  'outcome',
  'reason',
  'attempts',
  'redrives',
] as const;

/** What a timeline shows of a journal item. Payloads of the services' own work may hold links: facts only. */
export interface TimelineItem extends Named<Pick<ItemSeen, (typeof SHOWN)[number]>> {
  /** The texts of the payload that a timeline shows. Null where the payload is too large. */
  payload: Record<string, unknown> | null;
  /** Of what a thread was told of an order: which fact. */
  fact: string | null;
  /** What the catalog was asked while it was applied. */
  asked: string[] | null;
}

/** A timeline is for reading: of longer ones the latest part is shown. */
const MOST_ITEMS = 5_000;
/** Of facts that a thread was told, and of statuses of a message. */
const MOST_TOLD = 1_000;

/** SQL of the texts of a payload that are shown: a timeline has many items, and each may be large. */
const text = (path: string): string => `left(payload#>>'{${path}}', 200)`;
const small = (field: string): string =>
  `CASE WHEN octet_length((payload->'${field}')::text) <= 2000 THEN payload->'${field}' END`;
const SHOWN_PAYLOAD = `json_strip_nulls(json_build_object(
  'content', CASE WHEN payload->'content' IS NOT NULL THEN json_build_object('text', ${text('content,text')},
    'body', ${text('content,body')}, 'title', ${text('content,title')}, 'type', ${text('content,type')}) END,
  'kind', ${text('kind')}, 'status', ${text('status')}, 'amount', ${small('amount')}, 'tracking', ${small('tracking')}))`;
const COLUMNS = `${named(SHOWN)},
  CASE WHEN source <> 'job' AND ${isUpTo(LARGEST_READ)} THEN ${SHOWN_PAYLOAD} END AS payload,
  CASE WHEN source = 'job' THEN payload->'fact'->>'kind' END AS fact,
  CASE WHEN pg_column_size(evidence) <= ${LARGEST_READ} AND json_typeof(evidence->'asked') = 'array' THEN
    (SELECT json_agg(a->'question'->>'kind') FROM json_array_elements(evidence->'asked') a) END AS asked`;
const ERRANDS = [reserveStock, placeOrder, releaseHold, expireSession, refundPayment];

/** The items of these streams, latest first, at most `most`. */
export async function itemsOfStreams(
  tx: EntityManager,
  merchantId: string,
  streams: readonly string[],
  most = MOST_ITEMS,
): Promise<TimelineItem[]> {
  return (await tx.query(
    `SELECT ${COLUMNS} FROM ${itemsSeen.name} WHERE merchant_id = $1 AND stream = ANY($2)
     ORDER BY occurred_at DESC, id DESC LIMIT $3`,
    [merchantId, streams, most],
  )) as TimelineItem[];
}

/** Everything that the journal has of an order: its line, its errands (by round), what its thread was told. */
export async function itemsOfOrder(
  tx: EntityManager,
  merchantId: string,
  order: { orderRef: string; round: number; told: readonly string[] },
): Promise<TimelineItem[]> {
  const rounds = Array.from({ length: order.round + 1 }, (_, round) => `${order.orderRef}_${round}`);
  const ids = [
    ...ERRANDS.flatMap((errand) => rounds.map((key) => `${errand.name}/${key}`)),
    ...order.told.slice(-MOST_TOLD).map((factId) => `${noteOrder.name}/${order.orderRef}_${factId}`),
  ];
  const own = (await tx.query(
    `SELECT ${COLUMNS} FROM ${itemsSeen.name} WHERE merchant_id = $1 AND source = 'job' AND external_id = ANY($2)`,
    [merchantId, ids],
  )) as TimelineItem[];
  return [...(await itemsOfStreams(tx, merchantId, [`order/${order.orderRef}`])), ...own];
}

/** The tasks that carried a message to its channel, one for each plan. */
export async function callsOf(
  tx: EntityManager,
  merchantId: string,
  message: { messageId: string; plan: number },
): Promise<CallItem[]> {
  const ids = Array.from(
    { length: message.plan },
    (_, i) => `${callChannel.name}/${message.messageId}_${i + 1}`,
  );
  return (await tx.query(
    `SELECT (payload->>'plan')::int AS plan, occurred_at AS "queuedAt", attempts, redrives, outcome, reason,
       settled_at AS "settledAt", parked_at AS "parkedAt"
     FROM ${itemsSeen.name} WHERE merchant_id = $1 AND source = 'job' AND external_id = ANY($2)`,
    [merchantId, ids],
  )) as CallItem[];
}

/** What the channel said of a message, by our id or, where it did not come back, by its own. */
export async function statusesOf(
  tx: EntityManager,
  merchantId: string,
  message: { messageId: string; channelMessageId: string | null; failedChannelIds: readonly string[] },
): Promise<StatusItem[]> {
  const names = [message.messageId, message.channelMessageId, ...message.failedChannelIds];
  return (await tx.query(
    `SELECT ${text('status')} AS status, occurred_at AS at, created_at AS "receivedAt", outcome, reason,
       coalesce(${small('errors')}, '[]') AS errors
     FROM ${itemsSeen.name} WHERE merchant_id = $1 AND stream = ANY($2) ORDER BY occurred_at, id LIMIT ${MOST_TOLD}`,
    [merchantId, names.filter((name) => name !== null).map((name) => `message/${name}`)],
  )) as StatusItem[];
}
