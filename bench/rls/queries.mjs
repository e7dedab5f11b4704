/** The statements of the hot path as the services send them; `guarded` ones leave the merchant to row-level security. */
const MERCHANTS = 50;
const THREADS = 2_000;
const SETTLED = 4_000;
const PENDING = 400;
const MESSAGES = 4_000;

/** Rows of 50 merchants: threads, contacts, messages, and a journal that is mostly settled. */
export async function seed(database) {
  await database.query(`SET session_replication_role = replica`);
  await database.query(
    `INSERT INTO conversation.threads (merchant_id, thread_id, channel_account_id, contact_id, stream, phase, state, expires_at)
     SELECT 'mer_' || m, 'thr_' || m || '_' || i, 'acc_' || m, 'con_' || m || '_' || i, 'thread/acc_' || m || '/' || i,
       'idle', json_build_object('cart', '[]'::json, 'text', repeat('x', 600)), now()
     FROM generate_series(1, ${MERCHANTS}) m, generate_series(1, ${THREADS}) i`,
  );
  await database.query(
    `INSERT INTO outbound.recipients (merchant_id, channel_account_id, contact_id, pair_at, last_inbound_at)
     SELECT 'mer_' || m, 'acc_' || m, 'con_' || m || '_' || i, now(), now()
     FROM generate_series(1, ${MERCHANTS}) m, generate_series(1, ${THREADS}) i`,
  );
  await database.query(
    `INSERT INTO outbound.messages (merchant_id, message_id, channel_account_id, contact_id, person, content, thread_id,
       state, open, channel_message_id, created_at)
     SELECT 'mer_' || m, 'msg_' || m || '_' || i, 'acc_' || m, 'con_' || m || '_' || (i % ${THREADS} + 1), '{}',
       json_build_object('text', repeat('y', 300)), 'thr_' || m || '_' || (i % ${THREADS} + 1),
       CASE WHEN i % 40 = 0 THEN 'waiting' ELSE 'read' END, i % 40 = 0, 'wamid.' || m || '.' || i, now()
     FROM generate_series(1, ${MERCHANTS}) m, generate_series(1, ${MESSAGES}) i`,
  );
  const journal = (count, settled, prefix) =>
    database.query(
      `INSERT INTO journal.items (merchant_id, service, queue, stream, name, source, external_id, payload, occurred_at,
         due_at, settled_at, outcome)
       SELECT 'mer_' || m, 'conversation', 'threads', 'thread/acc_' || m || '/' || i, 'conversation.receive-message.v1',
         'whatsapp', '${prefix}/' || m || '/' || i, json_build_object('text', repeat('z', 300)), now(), now(),
         ${settled ? `now(), 'done'` : 'NULL, NULL'}
       FROM generate_series(1, ${MERCHANTS}) m, generate_series(1, ${count}) i`,
    );
  await journal(SETTLED, true, 'settled');
  await journal(PENDING, false, 'pending');
  await database.query(`SET session_replication_role = DEFAULT`);
  return {
    counts: {
      merchants: MERCHANTS,
      threads: MERCHANTS * THREADS,
      messages: MERCHANTS * MESSAGES,
      journal: MERCHANTS * (SETTLED + PENDING),
    },
  };
}

const pick = (i, of) => (i % of) + 1;
const merchantOf = (i) => pick(i >>> 3, MERCHANTS);

/** The merchant's part of a condition where nobody else adds it. */
const own = (guarded, m) => (guarded ? '' : ` AND merchant_id = 'mer_${m}'`);

/**
 * As `Tenants.transaction` does it; without row-level security nobody needs to be told the merchant. Returns
 * milliseconds: of all of it, or of `work` alone.
 */
async function transaction(client, guarded, m, work, whole) {
  const beganAt = performance.now();
  await client.query(
    guarded ? `START TRANSACTION; SET LOCAL waco.merchant_id = 'mer_${m}'` : 'START TRANSACTION',
  );
  const workedAt = performance.now();
  await work();
  const doneAt = performance.now();
  await client.query('COMMIT');
  return whole ? performance.now() - beganAt : doneAt - workedAt;
}

const tryLock = (client, guarded, m, i) =>
  client.query(
    `SELECT slot FROM journal.locks WHERE kind = $1 AND slot = $2${guarded ? '' : ` AND service = 'conversation'`}
     FOR UPDATE SKIP LOCKED`,
    ['stream', (m * 1_009 + i) % 16_384],
  );

const pending = (client, guarded, m, i) =>
  client.query(
    `SELECT id::text, name, queue, stream, payload, occurred_at AS "occurredAt", due_at AS "dueAt", attempts, blocking,
       parked_at IS NOT NULL AS parked FROM journal.items
     WHERE settled_at IS NULL AND parked_at IS NULL AND queue = $1 AND stream = $2 AND (due_at <= $3 OR blocking)
       ${own(guarded, m)} ORDER BY NOT expedited, occurred_at, id LIMIT $4`,
    ['threads', `thread/acc_${m}/${pick(i, PENDING)}`, new Date(), 16],
  );

const THREAD = `thread_id AS "threadId", channel_account_id AS "channelAccountId", contact_id AS "contactId", stream, state`;

const lockThread = (client, guarded, m, i) =>
  client.query(
    `SELECT ${THREAD} FROM conversation.threads
     WHERE channel_account_id = $1 AND contact_id = $2${own(guarded, m)} FOR UPDATE`,
    [`acc_${m}`, `con_${m}_${pick(i, THREADS)}`],
  );

const threadById = async (client, guarded, m, id) => {
  for (const condition of [`thread_id = $1`, `former_ids <> '{}' AND former_ids @> ARRAY[$1]`]) {
    const sql = `SELECT ${THREAD} FROM conversation.threads WHERE ${condition}${own(guarded, m)} FOR UPDATE`;
    const { rows } = await client.query(sql, [id]);
    if (rows[0]) return;
  }
};

const updateThread = (client, guarded, m, i) =>
  client.query(
    `UPDATE conversation.threads SET state = $2, phase = $3, expires_at = $4, version = version + 1, updated_at = $5
     WHERE thread_id = $1${own(guarded, m)}`,
    [`thr_${m}_${pick(i, THREADS)}`, { cart: [], text: 'x'.repeat(600) }, 'idle', new Date(), new Date()],
  );

const settle = (client, guarded, m, id) =>
  client.query(
    `UPDATE journal.items SET settled_at = $2, outcome = $3, reason = $4
     WHERE id = $1 AND settled_at IS NULL${own(guarded, m)}`,
    [id, new Date(), 'done', null],
  );

let appended = 0;
const append = (client, m, i) =>
  client.query(
    `INSERT INTO journal.items (merchant_id, service, queue, stream, name, source, external_id, payload, occurred_at, due_at)
     SELECT merchant_id, 'outbound', 'recipients', stream, 'outbound.send-message.v1', 'job', external_id,
       payload::json, now(), now()
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS t(merchant_id, stream, external_id, payload)
     ON CONFLICT DO NOTHING`,
    [
      [`mer_${m}`],
      [`thread/acc_${m}/${pick(i, PENDING)}`],
      [`new/${++appended}`],
      [JSON.stringify({ text: 'z'.repeat(300) })],
    ],
  );

const lockRecipient = (client, guarded, m, i) =>
  client.query(
    `SELECT last_inbound_at, window_refused, pair_level, pair_at, pair_refusals, pair_hold_until
     FROM outbound.recipients WHERE channel_account_id = $1 AND contact_id = $2${own(guarded, m)} FOR UPDATE`,
    [`acc_${m}`, `con_${m}_${pick(i, THREADS)}`],
  );

const updateRecipient = (client, guarded, m, i) =>
  client.query(
    `UPDATE outbound.recipients SET pair_level = $3, pair_at = $4
     WHERE channel_account_id = $1 AND contact_id = $2${own(guarded, m)}`,
    [`acc_${m}`, `con_${m}_${pick(i, THREADS)}`, 1.5, new Date()],
  );

const updateMessage = (client, guarded, m, i) =>
  client.query(
    `UPDATE outbound.messages SET state = $2, delivered_at = $3 WHERE message_id = $1${own(guarded, m)}`,
    [`msg_${m}_${pick(i, MESSAGES)}`, 'read', new Date()],
  );

const messageOfStatus = (client, guarded, m, id) =>
  client.query(
    `SELECT message_id AS "messageId" FROM outbound.messages WHERE channel_message_id = $1${own(guarded, m)}
     UNION ALL SELECT message_id FROM outbound.messages
       WHERE failed_channel_ids <> '{}' AND failed_channel_ids @> ARRAY[$1]${own(guarded, m)} LIMIT 1`,
    [id],
  );

/** One statement alone; the transaction around it is not measured. */
const single = (name, role, statement) => ({
  name,
  role,
  run: (client, { guarded, i }) => {
    const m = merchantOf(i);
    return transaction(client, guarded, m, () => statement(client, guarded, m, i), false);
  },
});

export const QUERIES = [
  single('journal: pending items of a stream', 'waco_conversation', pending),
  single('thread: by contact, locked', 'waco_conversation', lockThread),
  single('thread: by id, locked', 'waco_conversation', (client, guarded, m, i) =>
    threadById(client, guarded, m, `thr_${m}_${pick(i, THREADS)}`),
  ),
  single('thread: by a former id', 'waco_conversation', (client, guarded, m, i) =>
    threadById(client, guarded, m, `thr_gone_${i}`),
  ),
  single('thread: update', 'waco_conversation', updateThread),
  single('recipient: locked and updated', 'waco_outbound', async (client, guarded, m, i) => {
    await lockRecipient(client, guarded, m, i);
    await updateRecipient(client, guarded, m, i);
  }),
  single('message: update', 'waco_outbound', updateMessage),
  single('message: of a status', 'waco_outbound', (client, guarded, m, i) =>
    messageOfStatus(client, guarded, m, `wamid.${m}.${pick(i, MESSAGES)}`),
  ),
  single('message: of a status too early', 'waco_outbound', (client, guarded, m, i) =>
    messageOfStatus(client, guarded, m, `wamid.unknown.${i}`),
  ),
];

/** One message of a customer applied: what a worker of conversation does for it, from lock to commit. */
export const HOT_PATH = {
  name: 'hot path: one item applied',
  role: 'waco_conversation',
  run: (client, { guarded, i }) => {
    const m = merchantOf(i);
    const work = async () => {
      await tryLock(client, guarded, m, i);
      const { rows } = await pending(client, guarded, m, i);
      await lockThread(client, guarded, m, i);
      await updateThread(client, guarded, m, i);
      await append(client, m, i);
      if (rows[0]) await settle(client, guarded, m, rows[0].id);
    };
    return transaction(client, guarded, m, work, true);
  },
};
