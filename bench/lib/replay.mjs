import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from './database.mjs';
import { differences, endState, RECEIVE, TURN_JOBS, untilQuiet } from './readback.mjs';

/**
 * A thread gives up a question after half a minute: so many threads at once are answered well before that, more have
 * to come one after the other.
 */
const AT_ONCE = 400;
/** Of more threads than that. Below what two processors answer. */
const MESSAGES_PER_SECOND = 40;
const EFFECTS = [
  'conversation.threads',
  'conversation.aliases',
  'conversation.contacts',
  'conversation.people',
  'conversation.proofs',
  'outbound.messages',
  'outbound.recipients',
  'outbound.early_statuses',
];

/**
 * Plays the journal of a run once more, without a fault: what customers wrote stays, all that came of it is forgotten,
 * and the same services apply it again. What they said of our messages (statuses) belongs to messages that are no more;
 * the replay has its own.
 * @returns {Promise<{ compared: number, differences: string[] }>} where its end state is not that of the run.
 */
export async function replayAndCompare({ url, limitMs = 300_000 }) {
  const before = await endState(url);
  const [{ messages }] = await ask(
    url,
    `SELECT count(*)::int AS messages FROM journal.items WHERE name = '${RECEIVE}'`,
  );
  const rate = before.size <= AT_ONCE ? 1_000 : MESSAGES_PER_SECOND;
  await ask(
    url,
    `BEGIN;
     TRUNCATE ${EFFECTS.join(', ')};
     DELETE FROM journal.items WHERE name IN (${TURN_JOBS.slice(1)
       .map((n) => `'${n}'`)
       .join(', ')});
     UPDATE journal.items i SET settled_at = NULL, parked_at = NULL, outcome = NULL, reason = NULL, attempts = 0,
       endings = 0, blocking = false, due_at = clock_timestamp() + turn.place * interval '${1_000 / rate} milliseconds'
     FROM (SELECT id, row_number() OVER (ORDER BY occurred_at, id) AS place FROM journal.items
           WHERE name = '${RECEIVE}') turn
     WHERE i.id = turn.id;
     COMMIT`,
  );
  await sleep((messages / rate) * 1_000);
  const quiet = await untilQuiet(url, limitMs);
  if (quiet.left > 0)
    return { compared: before.size, differences: [`the replay did not end: ${quiet.left} left`] };
  return { compared: before.size, differences: differences(before, await endState(url)) };
}

/** Everything of a run that is over: the next one on the same stack begins with nobody. */
export async function forgetRun(url) {
  const names = TURN_JOBS.map((name) => `'${name}'`).join(', ');
  await ask(
    url,
    `BEGIN; TRUNCATE ${EFFECTS.join(', ')}; DELETE FROM journal.items WHERE name IN (${names}); COMMIT`,
  );
}
