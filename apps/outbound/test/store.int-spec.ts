import { DataSource } from 'typeorm';
import { Tenants } from '#persistence';
import { systemClock } from '#platform';
import { createTestDatabase, until, type TestDatabase } from '#testing';
import { Slots } from '../src/send/slots.js';
import { findByChannelId, insertMessage, lockMessage, moveOpenMessages } from '../src/store/messages.js';
import { lockRecipient, updateRecipient } from '../src/store/recipients.js';

const merchantId = 'mer_1';

describe('what outbound stores', () => {
  let database: TestDatabase;
  let owner: DataSource;
  const pools: DataSource[] = [];

  async function pool(): Promise<DataSource> {
    const url = database.url('waco_outbound');
    const source = await new DataSource({ type: 'postgres', url, poolSize: 4 }).initialize();
    pools.push(source);
    return source;
  }

  beforeAll(async () => {
    database = await createTestDatabase();
    owner = await new DataSource({ type: 'postgres', url: database.ownerUrl }).initialize();
  });
  afterAll(async () => {
    for (const source of [...pools, owner]) await source.destroy();
    await database.drop();
  });

  it('gives each send of a number its own slot, many in one transaction, whichever process asks', async () => {
    let transactions = 0;
    const processes = [await pool(), await pool()].map((source) => {
      const tenants = new Tenants(source);
      const counted = {
        transaction: (...a: Parameters<Tenants['transaction']>) => {
          transactions += 1;
          return tenants.transaction(...a);
        },
      };
      return new Slots(counted as unknown as Tenants, systemClock);
    });
    const number = { merchantId, channelAccountId: 'acc_1' };
    const slots = await Promise.all(
      Array.from({ length: 400 }, (_, i) => processes[i % 2]!.reserve(number, 100)),
    );
    const times = slots.map((s) => s.getTime()).sort((a, b) => a - b);
    expect(new Set(times).size).toBe(400);
    for (const [i, at] of times.entries()) if (i >= 100) expect(at - times[i - 100]!).toBeGreaterThan(1_000);
    expect(transactions).toBeLessThan(40);
  });

  it('fails the sends that asked for a slot while the database was away, and serves the next', async () => {
    const tenants = new Tenants(await pool());
    let away = true;
    const flaky = {
      transaction: (...a: Parameters<Tenants['transaction']>) =>
        away ? Promise.reject(new Error('away')) : tenants.transaction(...a),
    };
    const slots = new Slots(flaky as unknown as Tenants, systemClock);
    const number = { merchantId, channelAccountId: 'acc_2' };
    await expect(slots.reserve(number, 10)).rejects.toThrow('away');
    away = false;
    expect(await slots.reserve(number, 10)).toBeInstanceOf(Date);
  });

  it('who waits for a message while its recipients are merged gets it with the lock of the one that is kept', async () => {
    const tenants = new Tenants(await pool());
    const now = new Date();
    const [from, to] = ['con_gone', 'con_kept'].map((contactId) => ({
      channelAccountId: 'acc_3',
      contactId,
    }));
    await tenants.transaction(merchantId, async (tx) => {
      await lockRecipient(tx, from!, now);
      const text = { ...from!, person: {}, content: { type: 'text', body: 'hi' } as const, threadId: 'thr' };
      insertMessage(tx, { ...text, messageId: 'msg_moved' }, now);
    });
    const waiting = await tenants.transaction(merchantId, async (tx) => {
      const [gone, kept] = [await lockRecipient(tx, from!, now), await lockRecipient(tx, to!, now)];
      const other = tenants.transaction(merchantId, async (tx2) => {
        const message = await lockMessage(tx2, 'msg_moved', now);
        const held = await owner
          .query(`SELECT FROM outbound.recipients WHERE contact_id = 'con_kept' FOR UPDATE NOWAIT`)
          .then(
            () => false,
            (error: { code?: string }) => error.code === '55P03',
          );
        return { contactId: message?.contactId, held };
      });
      const blocked = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
      await until('it waits', async () => ((await owner.query(blocked)) as unknown[]).length > 0);
      moveOpenMessages(tx, gone, kept);
      updateRecipient(tx, gone, { mergedInto: kept.contactId });
      return { other };
    });
    expect(await waiting.other).toEqual({ contactId: 'con_kept', held: true });
  });

  it('looks a foreign status up without reading all messages', async () => {
    await owner.query(
      `INSERT INTO outbound.messages (merchant_id, message_id, channel_account_id, contact_id, person, content,
         thread_id, state, open, created_at, channel_message_id, failed_channel_ids)
       SELECT $1, 'msg_' || i, 'acc_1', 'con_' || i, '{}', '{}', 'thr', 'accepted', false, now(), 'wamid.' || i,
         CASE WHEN i = 77 THEN ARRAY['wamid.failed'] ELSE '{}' END
       FROM generate_series(1, 20000) i`,
      [merchantId],
    );
    await owner.query('VACUUM ANALYZE outbound.messages');
    const tenants = new Tenants(await pool());
    const find = (id: string): Promise<string | undefined> =>
      tenants.transaction(merchantId, (tx) => findByChannelId(tx, id));
    const scans = async (): Promise<number> => {
      await new Promise((resume) => setTimeout(resume, 1_200)); // statistics are told once a second
      await find('wamid.5');
      const [row] = await owner.query(
        `SELECT seq_scan::int AS n FROM pg_stat_user_tables WHERE relname = 'messages'`,
      );
      return row.n as number;
    };
    const before = await scans();
    expect(await find('wamid.foreign')).toBeUndefined();
    expect(await find('wamid.failed')).toBe('msg_77');
    expect(await find('wamid.5')).toBe('msg_5');
    expect(await scans()).toBe(before);
  });
});
