import { receiveMessage } from '#contracts';
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
});
