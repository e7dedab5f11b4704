import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from './database.mjs';
import { answers, SKU } from './shoppers.mjs';

/** A customer's message, as the gateway stores it. */
export const RECEIVE = 'conversation.receive-message.v1';
/** What the channel says of a message of ours, as the gateway stores it. */
export const RECORD_STATUS = 'outbound.record-status.v1';
/** Work that a turn consists of; timers and the catalog's own rounds are not. */
export const TURN_JOBS = [
  RECEIVE,
  'outbound.note-inbound.v1',
  'outbound.send-message.v1',
  'outbound.advance-recipient.v1',
  'outbound.call-channel.v1',
  RECORD_STATUS,
];
/** An error that names a few, not thousands. */
const SHOWN = 5;

/**
 * Waits until nothing of any turn is left to do.
 * @returns the milliseconds that took, and what was left when `limitMs` was over.
 */
export async function untilQuiet(url, limitMs = 180_000) {
  const from = performance.now();
  for (let last; ; await sleep(200)) {
    const [row] = await ask(
      url,
      `SELECT count(*)::int AS left FROM journal.items
       WHERE settled_at IS NULL AND parked_at IS NULL AND name = ANY($1)
         AND NOT (name = 'outbound.advance-recipient.v1' AND due_at > now() + interval '2 minutes')`,
      [TURN_JOBS],
    );
    const ms = performance.now() - from;
    if (row.left === 0 && last === 0) return { ms, left: 0 };
    if (ms > limitMs) return { ms, left: row.left };
    last = row.left;
  }
}

/** Waits until so few items are due that were not tried yet, at most so long: some may never be done. */
export async function untilFewDue(url, most, limitMs) {
  for (const until = performance.now() + limitMs; performance.now() < until; await sleep(50)) {
    const [row] = await ask(
      url,
      `SELECT count(*)::int AS due FROM journal.items
       WHERE settled_at IS NULL AND parked_at IS NULL AND due_at < now() AND attempts = 0`,
    );
    if (row.due <= most) return;
  }
}

/**
 * Reads everything back after a run and counts.
 * @returns {Promise<{ counts: object, examples: string[] }>} `lost`: acknowledged, without its effect; `doubled`: an
 *   effect more than once; `disordered`: a reply before that of an earlier message; `degraded`: answered with "I cannot
 *   confirm prices"; `possible duplicates`: messages that went out once more, as the answer to their call was lost and no
 *   status came in time.
 */
export async function countEffects({ url, vendor, log, threads, except = () => false }) {
  const counts = { messages: 0, lost: 0, doubled: 0, disordered: 0, degraded: 0, deadLetters: 0 };
  counts['possible duplicates'] = await possibleDuplicates(url);
  const examples = [];
  const note = (kind, text, by = 1) => {
    counts[kind] += by;
    if (examples.length < SHOWN) examples.push(`${kind}: ${text}`);
  };
  await countRows(url, log, note);
  const replies = groupBy(vendor.sent, (m) => `${m.from}/${m.to}`);
  for (const m of repeated(vendor.sent.map((s) => s.ref))) note('doubled', `message ${m} went out twice`);
  const acked = groupBy(log, (l) => l.thread);
  const carts = await cartsByPhone(url);
  for (const thread of threads) {
    const messages = acked.get(thread.n)?.length ?? 0;
    if (messages === 0 || except(thread)) continue;
    counts.messages += messages;
    const key = `${thread.merchant.phoneNumberId}/${thread.phone}`;
    countReplies({ key, messages, replies: replies.get(key) ?? [], note });
    const inCart = carts.get(key) ?? 0;
    const added = Math.floor(messages / 2);
    if (inCart < added) note('lost', `the cart of ${key} holds ${inCart} of ${added}`, added - inCart);
    if (inCart > added) note('doubled', `the cart of ${key} holds ${inCart} of ${added}`, inCart - added);
  }
  return { counts, examples };
}

async function possibleDuplicates(url) {
  const [row] = await ask(url, `SELECT count(*)::int AS n FROM outbound.messages WHERE possible_duplicate`);
  return row.n;
}

async function countRows(url, log, note) {
  const ids = log.map((l) => l.id);
  const missing = await ask(
    url,
    `SELECT id FROM unnest($1::text[]) AS acked(id)
     LEFT JOIN (SELECT payload->>'messageId' AS stored, settled_at FROM journal.items
                WHERE name = '${RECEIVE}') i ON i.stored = acked.id AND i.settled_at IS NOT NULL
     WHERE i.stored IS NULL`,
    [ids],
  );
  for (const { id } of missing) note('lost', `${id} was acknowledged and is not applied`);
  const twice = await ask(
    url,
    `SELECT payload->>'messageId' AS id FROM journal.items WHERE name = '${RECEIVE}' GROUP BY 1 HAVING count(*) > 1`,
  );
  for (const { id } of twice) note('doubled', `${id} has two rows`);
  const dead = await ask(
    url,
    `SELECT id, name, reason FROM journal.items WHERE parked_at IS NOT NULL AND settled_at IS NULL`,
  );
  for (const { id, name, reason } of dead) note('deadLetters', `${name} ${id}: ${reason}`);
}

/** Each message has one reply, in order; one that could not be given its answer still has its place. */
export function countReplies({ key, messages, replies, note }) {
  const said = replies.map(answers);
  const known = said.filter((k) => typeof k === 'number');
  const degraded = said.filter((k) => k === 'degraded').length;
  if (degraded > 0) note('degraded', `${degraded} replies of ${key}`, degraded);
  const distinct = new Set(known);
  const unanswered = messages - distinct.size - degraded;
  if (distinct.size < known.length) {
    note(
      'doubled',
      `${key} has ${known.length - distinct.size} replies too many: ${said}`,
      known.length - distinct.size,
    );
  }
  if (unanswered > 0) note('lost', `${key} lacks ${unanswered} of ${messages} replies: ${said}`, unanswered);
  if (unanswered < 0) note('doubled', `${key} has ${-unanswered} replies too many: ${said}`, -unanswered);
  const out = known.filter((k, i) => i > 0 && k < known[i - 1]).length;
  if (out > 0) note('disordered', `${key}: ${said}`, out);
  const unknown = said.filter((k) => k === 'unknown').length;
  if (unknown > 0) note('doubled', `${key} has ${unknown} messages that answer nothing`, unknown);
}

async function cartsByPhone(url) {
  const rows = await threadRows(url);
  return new Map(
    rows.map((r) => [r.key, r.cart.filter((l) => l.sku === SKU).reduce((sum, l) => sum + l.quantity, 0)]),
  );
}

const threadRows = (url) =>
  ask(
    url,
    `SELECT a.phone_number_id || '/' || w.value AS key, t.thread_id, t.phase, t.state->'cart' AS cart,
       t.state->'order' AS "order", t.state->'orders' AS orders
     FROM conversation.threads t
     JOIN conversation.aliases w ON w.merchant_id = t.merchant_id AND w.contact_id = t.contact_id AND w.kind = 'wa_id'
     JOIN tenancy.channel_accounts a ON a.id = t.channel_account_id`,
  );

/** Where all threads stand, and what they were told, in order: what two runs of the same journal must agree in. */
export async function endState(url) {
  const said = groupBy(
    await ask(url, `SELECT thread_id, content FROM outbound.messages ORDER BY seq`),
    (m) => m.thread_id,
  );
  const threads = await threadRows(url);
  return new Map(
    threads.map(({ key, thread_id: id, ...state }) => [
      key,
      { ...state, said: (said.get(id) ?? []).map((m) => m.content.body) },
    ]),
  );
}

/** @returns what differs, one line each; a reply that could not confirm prices in one of the runs is no difference. */
export function differences(faulty, replayed) {
  const lines = [];
  for (const key of new Set([...faulty.keys(), ...replayed.keys()])) {
    const [a, b] = [faulty.get(key), replayed.get(key)];
    if (!a || !b) {
      lines.push(`${key}: only ${a ? 'in the run' : 'in the replay'}`);
      continue;
    }
    for (const field of ['phase', 'cart', 'order', 'orders']) {
      const [x, y] = [JSON.stringify(a[field]), JSON.stringify(b[field])];
      if (x !== y) lines.push(`${key}: ${field} ${x}, in the replay ${y}`);
    }
    const spoken = Math.max(a.said.length, b.said.length);
    for (let i = 0; i < spoken; i++) {
      if (a.said[i] === b.said[i] || isDegraded(a.said[i]) || isDegraded(b.said[i])) continue;
      lines.push(
        `${key}: message ${i} ${JSON.stringify(a.said[i])}, in the replay ${JSON.stringify(b.said[i])}`,
      );
    }
  }
  return lines;
}

const isDegraded = (text) => text?.startsWith('I cannot confirm prices') ?? false;

function repeated(values) {
  const seen = new Set();
  return values.filter((v) => seen.has(v) || !seen.add(v));
}

export function groupBy(items, key) {
  const groups = new Map();
  for (const item of items) {
    const k = key(item);
    const group = groups.get(k);
    if (group) group.push(item);
    else groups.set(k, [item]);
  }
  return groups;
}
