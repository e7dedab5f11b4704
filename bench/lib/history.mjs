import pg from 'pg';
import { ask } from './database.mjs';

/** How the keys of items begin that stand for what was long ago. */
export const HISTORY = 'history/';
const AT_ONCE = 200_000;
/** Items that are copied: those of a few dozen turns. */
const TEMPLATES = 200;
/** People whose lines the copies are spread over. */
const LINES = 50_000;

/**
 * Adds about `rows` settled items of the last `days` days to the journal: copies of what turns have left there, each
 * with a key of its own, so that kinds, sizes and merchants are those of real ones.
 */
export async function fillJournal(url, { rows, days }) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(
      `CREATE TEMP TABLE templates AS SELECT * FROM journal.items
       WHERE settled_at IS NOT NULL AND merchant_id IS NOT NULL ORDER BY id DESC LIMIT ${TEMPLATES}`,
    );
    const [{ count }] = (await client.query('SELECT count(*)::int AS count FROM templates')).rows;
    const copies = Math.ceil(rows / count);
    const step = Math.ceil(AT_ONCE / count);
    for (let from = 0; from < copies; from += step) {
      await client.query(
        `INSERT INTO journal.items (merchant_id, service, queue, stream, name, source, external_id, payload,
           occurred_at, created_at, due_at, outcome, settled_at)
         SELECT merchant_id, service, queue, split_part(stream, '/', 1) || '/history' || n % ${LINES}, name, source,
           '${HISTORY}' || n || '/' || external_id, payload, at, at, at, outcome, at
         FROM generate_series($1::int, $2::int) n, LATERAL (SELECT now() - $3::float8 * interval '1 day' * (1 - n / $4::float8) AS at) t,
           templates`,
        [from, Math.min(from + step, copies) - 1, days, copies],
      );
    }
    await client.query('VACUUM (ANALYZE) journal.items');
    await client.query('CHECKPOINT');
  } finally {
    await client.end();
  }
}

/** Asks admin to remove what a merchant need not keep, as it asks itself once a day. Returns the request's id. */
export async function requestRetention(url, merchantId, runId) {
  const { journalRetention } = await import('../../dist/libs/contracts/src/index.js');
  const { toItem } = await import('../../dist/libs/queue/src/index.js');
  const now = new Date();
  const item = toItem(journalRetention, { runId }, merchantId, now);
  const [row] = await ask(
    url,
    `INSERT INTO journal.items (merchant_id, service, queue, stream, name, source, external_id, payload, occurred_at, due_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) RETURNING id`,
    [
      ...[item.merchantId, item.service, item.queue, item.stream, item.name, item.source, item.externalId],
      ...[JSON.stringify(item.payload), now],
    ],
  );
  return row.id;
}
