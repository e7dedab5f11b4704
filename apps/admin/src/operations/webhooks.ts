import { Injectable } from '@nestjs/common';
import { itemsSeen, named, type ItemSeen, type Named } from '#evidence';
import { webhookSources } from '#vendors';
import { Refusal } from '../refusal.js';
import { exactly, type After } from './keyset.js';
import { bytesEach, LARGEST_READ, payloadUpTo } from './payloads.js';
import { Reading } from './reading.js';

/** Who sends webhooks. */
export const OUTSIDE: readonly string[] = [...webhookSources().keys()];

/** How a journaled webhook item stands; `dead_letter` and `pending` are not settled. */
export const ITEM_STATES = ['pending', 'done', 'skipped', 'ignored', 'dead_letter'] as const;
export type ItemState = (typeof ITEM_STATES)[number];

const COLUMNS = [
  'id',
  'source',
  'name',
  'service',
  'queue',
  'stream',
  'external_id',
  'occurred_at',
  'created_at',
  'settled_at',
  'parked_at',
  'outcome',
  'reason',
  'attempts',
  'redrives',
] as const;

export interface WebhookRow extends Named<Pick<ItemSeen, (typeof COLUMNS)[number] | 'payload'>> {
  /** To the microsecond, for cursors. */
  receivedKey: string;
}

export interface WebhookSearch {
  source?: string;
  state?: ItemState;
  externalId?: string;
  from?: string;
  to?: string;
  limit: number;
  after?: After;
}

const SELECTED = `${named(COLUMNS)}, ${exactly('created_at')} AS "receivedKey"`;

const STATES: Record<ItemState, string> = {
  pending: 'settled_at IS NULL AND parked_at IS NULL',
  dead_letter: 'settled_at IS NULL AND parked_at IS NOT NULL',
  done: `outcome = 'done'`,
  skipped: `outcome = 'skipped'`,
  ignored: `outcome = 'ignored'`,
};

/** What came from outside, item by item, as it was journaled. */
@Injectable()
export class Webhooks {
  constructor(private readonly reading: Reading) {}

  /** Latest first, one more than `limit`. */
  list(merchantId: string, search: WebhookSearch): Promise<WebhookRow[]> {
    const conditions: [sql: string, values: unknown[]][] = [];
    if (search.source) conditions.push(['source = ?', [search.source]]);
    if (search.state) conditions.push([STATES[search.state], []]);
    if (search.from) conditions.push(['created_at >= ?', [search.from]]);
    if (search.to) conditions.push(['created_at < ?', [search.to]]);
    if (search.after) conditions.push(['(created_at, id) < (?, ?)', [search.after.at, search.after.key]]);
    if (search.externalId) {
      conditions.push(
        ['source = ANY(?)', [OUTSIDE]],
        ['external_id = ANY(?)', [writings(search.externalId)]],
      );
    }
    let placeholder = 3;
    const where = conditions
      .map(([sql]) => ` AND ${sql.replaceAll('?', () => `$${++placeholder}`)}`)
      .join('');
    return this.reading.of(
      merchantId,
      (tx) =>
        tx.query(
          `SELECT ${SELECTED}, ${payloadUpTo('$3')} AS payload FROM ${itemsSeen.name}
           WHERE merchant_id = $1 AND source <> 'job'${where}
           ORDER BY created_at DESC, id DESC LIMIT $2`,
          [
            merchantId,
            search.limit + 1,
            bytesEach(search.limit),
            ...conditions.flatMap(([, values]) => values),
          ],
        ) as Promise<WebhookRow[]>,
    );
  }

  /** @throws Refusal `not_found`. */
  async find(merchantId: string, id: string): Promise<WebhookRow> {
    const rows = await this.reading.of(
      merchantId,
      (tx) =>
        tx.query(
          `SELECT ${SELECTED}, ${payloadUpTo(LARGEST_READ)} AS payload FROM ${itemsSeen.name}
           WHERE merchant_id = $1 AND id = $2 AND source <> 'job'`,
          [merchantId, id],
        ) as Promise<WebhookRow[]>,
    );
    if (!rows[0]) throw new Refusal('not_found', 'webhook_not_found', 'there is no such webhook item');
    return rows[0];
  }
}

/** An id as a vendor names it, in the forms in which the journal writes it. */
function writings(id: string): string[] {
  return [id, `event/${id}`, `message/${id}`];
}

/** A stream with what may be a phone number in it set apart: a person without a user id is known by their number. */
export function streamParts(stream: string): { place: string; phone: string } {
  const [, place, last] = /^(thread\/.*\/)([^/]*)$/.exec(stream) ?? [undefined, stream, ''];
  return { place: place!, phone: last! };
}
