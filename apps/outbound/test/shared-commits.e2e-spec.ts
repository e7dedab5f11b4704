import { setTimeout as sleep } from 'node:timers/promises';
import { advanceRecipient, mergeRecipients } from '#contracts';
import { Journal, Tenants } from '#persistence';
import { toItem, Waker, wakeOf } from '#queue';
import { until } from '#testing';
import { Stand } from './support/stand.js';

/** Lines that are advanced in the same transaction. */
let stand: Stand;
beforeAll(async () => {
  stand = await Stand.start();
}, 60_000);
afterAll(() => stand.stop());

async function advanceTogether(contactIds: readonly string[], occasion: string): Promise<void> {
  const { channelAccountId, merchantId } = stand.merchant;
  const now = stand.now;
  const items = contactIds.map((contactId) =>
    toItem(advanceRecipient, { channelAccountId, contactId, occasion }, merchantId, now),
  );
  const [tenants, journal, waker] = [Tenants, Journal, Waker].map((kind) =>
    stand.app.get(kind as never, { strict: false }),
  ) as unknown as [Tenants, Journal, Waker];
  await tenants.transaction(merchantId, (tx) => journal.append(items, now, tx));
  await waker.wake(items.map((item) => wakeOf(item, now)));
}

it('a line that is looked at under two names sends its message once', async () => {
  const { channelAccountId, merchantId } = stand.merchant;
  for (let i = 0; i < 3; i++) {
    const gone = await stand.customer();
    const kept = `${gone.contactId}_kept`;
    await stand.emit(mergeRecipients, {
      channelAccountId,
      keptContactId: kept,
      goneContactId: gone.contactId,
    });
    const merged = `SELECT FROM outbound.recipients WHERE contact_id = $1 AND merged_into IS NOT NULL`;
    await until(
      'they are merged',
      async () => (await stand.owner.query(merged, [gone.contactId])).rows.length > 0,
    );
    const id = `msg_two_names_${i}`;
    await stand.owner.query(
      `INSERT INTO outbound.messages (merchant_id, message_id, channel_account_id, contact_id, person, content,
         thread_id, state, created_at)
       VALUES ($1, $2, $3, $4, $5, '{"type":"text","body":"once"}', 'thr_1', 'queued', now())`,
      [merchantId, id, channelAccountId, kept, JSON.stringify({ waId: gone.phone })],
    );
    await advanceTogether([gone.contactId, kept], `two_names_${i}`);
    await stand.reaches(id, 'delivered');
    await sleep(300);
    expect((await stand.asked(id)).accepted).toHaveLength(1);
    expect(await stand.shown(gone)).toEqual(['once']);
  }
}, 60_000);

it('of five that find a pause over in one transaction one goes first', async () => {
  const five = await Promise.all(Array.from({ length: 5 }, () => stand.customer()));
  await stand.owner.query(
    `UPDATE outbound.senders SET paused_at = now(), paused_until = now() + interval '10 years', pause_reason = 'auth',
       pauses = 1`,
  );
  const ids = await Promise.all(five.map((customer) => stand.send(customer, 'soon')));
  for (const id of ids) await until('it waits', async () => (await stand.message(id))?.verdict?.why);
  await stand.owner.query(`UPDATE outbound.senders SET paused_until = $1`, [
    new Date(stand.now.getTime() - 1_000),
  ]);
  await stand.faults(...Array.from({ length: 5 }, () => ({ kind: 'delay' as const, ms: 1_500 })));
  await advanceTogether(
    five.map(({ contactId }) => contactId),
    'pause_over',
  );
  await sleep(1_000);
  const plans = await Promise.all(ids.map(async (id) => (await stand.message(id))?.plan));
  expect(plans.toSorted()).toEqual([0, 0, 0, 0, 1]);
}, 60_000);
