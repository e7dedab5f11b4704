import { receiveMessage } from '#contracts';
import { newId } from '#platform';
import { createTestDatabase, until, type TestDatabase } from '#testing';
import { freePort, Stand as ConversationStand } from '../../conversation/test/support/stand.js';
import { Stand as OutboundStand } from '../../outbound/test/support/stand.js';
import { startAdmin, type AdminUnderTest } from './support.js';

/** Services remember a merchant this long, in milliseconds. */
const REMEMBERED_MS = 5_200;
const remembered = () => new Promise((resume) => setTimeout(resume, REMEMBERED_MS));
const WITHIN_MS = 25_000;

describe('a suspended merchant', () => {
  it('is not answered for: what customers write waits, goes on after the resumption, and may be too old', async () => {
    const database: TestDatabase = await createTestDatabase();
    const admin: AdminUnderTest = await startAdmin({}, undefined, database);
    const stand = await ConversationStand.open({ database, rpcPort: await freePort() });
    const { merchantId } = stand.merchant;
    const [sheena, omar] = [
      { userId: 'AE.1', name: 'Sheena' },
      { userId: 'AE.2', name: 'Omar' },
    ];
    try {
      expect(await stand.chat(sheena, 'my orders')).toHaveLength(1);
      const path = `/v1/merchants/${merchantId}`;
      const suspended = await admin.call('POST', `${path}/suspend`, { body: { reason: 'unpaid' } });
      expect(suspended.json).toMatchObject({ status: 'suspended', statusReason: 'unpaid' });
      await remembered();

      const old = stand.message(omar, 'my orders');
      (old.payload as object as { sentAt: string }).sentAt = new Date(
        Date.now() - 25 * 3_600_000,
      ).toISOString();
      const items = [stand.message(sheena, 'my orders'), stand.message(sheena, 'my orders'), old];
      await stand.store(...items);
      await stand.wake(...items);
      const rows = () =>
        stand.sql<{ outcome: string | null; reason: string | null; due: boolean }>(
          `SELECT outcome, reason, due_at > now() AS due FROM journal.items
           WHERE name = $1 AND external_id = ANY($2) ORDER BY id`,
          [receiveMessage.name, items.map((i) => i.externalId)],
        );
      await until('both lines are held', async () => (await rows()).filter((r) => r.due).length === 2);
      expect((await rows()).map((r) => r.outcome)).toEqual([null, null, null]);
      expect(await stand.sends()).toHaveLength(1);

      expect((await admin.call('POST', `${path}/resume`)).json.status).toBe('active');
      await until('all goes on', async () => (await rows()).every((r) => r.outcome !== null), WITHIN_MS);
      expect(await rows()).toMatchObject([
        { outcome: 'done' },
        { outcome: 'done' },
        { outcome: 'skipped', reason: 'the merchant was suspended for too long' },
      ]);
      expect(await stand.sends()).toHaveLength(3);
    } finally {
      await stand.close();
      await admin.close();
      await database.drop();
    }
  }, 90_000);

  it('is not sent for: what was to go out is held, says why, and goes when the merchant is resumed', async () => {
    const stand = await OutboundStand.start();
    const admin = await startAdmin({}, undefined, stand.database);
    try {
      const path = `/v1/merchants/${stand.merchant.merchantId}`;
      const customer = await stand.customer();
      await stand.reaches(await stand.send(customer, 'before'), 'delivered');
      await admin.call('POST', `${path}/suspend`, { body: { reason: 'unpaid' } });
      const held = await stand.send(customer, 'held');
      await until('it is held', async () => Boolean((await stand.message(held))?.verdict));
      expect(await stand.message(held)).toMatchObject({
        state: 'queued',
        sends: 0,
        verdict: { decision: 'wait', why: 'merchant_suspended' },
      });
      await admin.call('POST', `${path}/resume`);
      await until('it goes', async () => (await stand.message(held))?.state === 'delivered', WITHIN_MS);
      expect(await stand.shown(customer)).toEqual(['before', 'held']);
    } finally {
      await admin.close();
      await stand.stop();
    }
  }, 90_000);

  it('nor is a number that is switched off, whose lines nobody looks at until it is on again', async () => {
    const stand = await OutboundStand.start();
    const admin = await startAdmin({}, undefined, stand.database);
    try {
      const { merchantId, channelAccountId } = stand.merchant;
      const path = `/v1/merchants/${merchantId}/channel-accounts/${channelAccountId}`;
      const turn = (enabled: boolean) =>
        admin.call('PATCH', path, { body: { enabled }, headers: { 'if-match': '*' } });
      const customers = await Promise.all([stand.customer(), stand.customer()]);
      const [sheena, omar] = customers as [(typeof customers)[0], (typeof customers)[0]];
      expect((await turn(false)).json).toMatchObject({ enabled: false });
      const held: string[] = [];
      for (const customer of customers) {
        held.push(await stand.send(customer, 'one'), await stand.send(customer, 'two'));
        await stand.writes(customer);
      }
      const forgotten = new Date(stand.now.getTime() + 3_600_000).toISOString();
      const dropped = await stand.send(sheena, 'only within the hour', { deadline: forgotten });
      for (const id of [held[0]!, held[2]!]) {
        await until('it is held', async () => Boolean((await stand.message(id))?.verdict));
        expect((await stand.message(id))?.verdict).toMatchObject({ why: 'account_disabled', until: null });
      }
      const looks = async () =>
        (
          await stand.owner.query(
            `SELECT FROM journal.items WHERE name = 'outbound.advance-recipient.v1' AND merchant_id = $1`,
            [merchantId],
          )
        ).rows.length;
      await stand.advance(12 * 60_000);
      expect(await looks()).toBe(0);

      expect((await turn(true)).json).toMatchObject({ enabled: true });
      for (const id of held) await stand.reaches(id, 'delivered');
      await stand.reaches(dropped, 'delivered');
      expect(await stand.shown(sheena)).toEqual(['one', 'two', 'only within the hour']);
      expect(await stand.shown(omar)).toEqual(['one', 'two']);
      expect(await looks()).toBe(2);
    } finally {
      await admin.close();
      await stand.stop();
    }
  }, 90_000);

  it('a line that was judged just before the number was switched on is found by a second look', async () => {
    const stand = await OutboundStand.start();
    const admin = await startAdmin({}, undefined, stand.database);
    try {
      const { merchantId, channelAccountId } = stand.merchant;
      const path = `/v1/merchants/${merchantId}/channel-accounts/${channelAccountId}`;
      const turn = (enabled: boolean) =>
        admin.call('PATCH', path, { body: { enabled }, headers: { 'if-match': '*' } });
      const customer = await stand.customer();
      await turn(false);
      await turn(true);
      const looked = `SELECT FROM journal.items WHERE name = 'outbound.resume-account.v1' AND settled_at IS NOT NULL`;
      await until(
        'the lines were looked at',
        async () => (await stand.owner.query(looked)).rows.length === 1,
        WITHIN_MS,
      );
      const id = newId('msg');
      // As a transaction leaves it that began before, and was stored after.
      await stand.owner.query(
        `INSERT INTO outbound.messages (merchant_id, message_id, channel_account_id, contact_id, person, content, thread_id,
           state, verdict, created_at)
         VALUES ($1, $2, $3, $4, $5, '{"type":"text","body":"late"}', 'thr_1', 'queued',
           '{"decision":"wait","until":null,"why":"account_disabled"}', $6)`,
        [merchantId, id, channelAccountId, customer.contactId, { waId: customer.phone }, stand.now],
      );
      await stand.advance(61_000);
      await until('it goes', async () => (await stand.message(id))?.state === 'delivered', WITHIN_MS);
      const { rows } = await stand.owner.query(looked);
      expect(rows).toHaveLength(2);
    } finally {
      await admin.close();
      await stand.stop();
    }
  }, 90_000);
});
