import pg from 'pg';
import { advanceRecipient } from '#contracts';
import { until } from '#testing';
import { Stand, type Customer } from './support/stand.js';

/** What happens to a line when a number is paused just while its head is planned. */

const PAUSE_MS = 60_000;

let stand: Stand;
let customer: Customer;

beforeAll(async () => {
  stand = await Stand.start();
  customer = await stand.customer();
  await stand.reaches(await stand.send(customer, 'so that the number has a sender'), 'delivered');
}, 60_000);
afterAll(() => stand.stop());

/** A pause that is over, unless another process has begun a new one in a transaction that is still open. */
async function pauseAgain(until: Date): Promise<() => Promise<void>> {
  const over = new Date(stand.now.getTime() - 1_000);
  await stand.owner.query(
    `UPDATE outbound.senders SET paused_at = $1, paused_until = $1, pause_reason = 'auth', pauses = 1`,
    [over],
  );
  const other = new pg.Client({ connectionString: stand.database.ownerUrl });
  await other.connect();
  await other.query('BEGIN');
  await other.query('UPDATE outbound.senders SET paused_until = $1', [until]);
  return async () => {
    await other.query('COMMIT');
    await other.end();
  };
}

const isLockedOut = (): Promise<unknown> =>
  until('the line waits for the sender', async () => {
    const { rows } = await stand.owner.query(
      `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()
         AND query LIKE '%outbound.senders%'`,
    );
    return rows.length > 0;
  });

it('the first message of an empty line waits for a pause that began while it was judged', async () => {
  await stand.owner.query(`
    CREATE TABLE public.written (what text, message_id text);
    CREATE FUNCTION public.note_write() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
      INSERT INTO public.written VALUES (TG_OP, NEW.message_id);
      RETURN NULL;
    END $$;
    CREATE TRIGGER note_write AFTER INSERT OR UPDATE ON outbound.messages
      FOR EACH ROW EXECUTE FUNCTION public.note_write()`);
  const pausedUntil = new Date(stand.now.getTime() + PAUSE_MS);
  const commitPause = await pauseAgain(pausedUntil);
  const id = await stand.send(customer, 'late');
  await isLockedOut();
  expect(await stand.message(id)).toBeUndefined();
  await commitPause();

  const waiting = await until('it is in its line', () => stand.message(id));
  expect(waiting).toMatchObject({ state: 'queued', open: true, plan: 0, sends: 0, called_at: null });
  expect(waiting.verdict).toMatchObject({
    decision: 'wait',
    why: 'account_paused',
    until: pausedUntil.toISOString(),
    facts: { pauseReason: 'auth', pausedUntil: pausedUntil.toISOString() },
  });
  const { rows: writes } = await stand.owner.query(`SELECT what FROM public.written WHERE message_id = $1`, [
    id,
  ]);
  expect(writes).toEqual([{ what: 'INSERT' }]);
  const { rows: timers } = await stand.owner.query(
    `SELECT due_at, settled_at FROM journal.items WHERE name = $1 AND payload->>'contactId' = $2`,
    [advanceRecipient.name, customer.contactId],
  );
  expect(timers).toEqual([{ due_at: pausedUntil, settled_at: null }]);
  expect((await stand.asked(id)).accepted).toEqual([]);

  await stand.advance(PAUSE_MS);
  expect(await stand.reaches(id, 'delivered')).toMatchObject({ sends: 1, plan: 1 });
  expect((await stand.asked(id)).accepted).toHaveLength(1);
}, 60_000);
