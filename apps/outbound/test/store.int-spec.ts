import { DataSource } from 'typeorm';
import { Tenants } from '#persistence';
import { systemClock, type Clock } from '#platform';
import { createTestDatabase, until, type TestDatabase } from '#testing';
import { Slots } from '../src/send/slots.js';
import { findByChannelId, insertMessage, lockMessage, moveOpenMessages } from '../src/store/messages.js';
import { lockRecipient, updateRecipient } from '../src/store/recipients.js';

const merchantId = 'mer_1';

class SteppedClock implements Clock {
  ms = Date.parse('2026-11-21T10:00:00Z');
  now(): Date {
    return new Date(this.ms);
  }
}

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

  /** A process of its own, with its transactions counted. */
  async function countedSlots(clock: Clock): Promise<{ slots: Slots; transactions: () => number }> {
    const tenants = new Tenants(await pool());
    let transactions = 0;
    const counted = {
      transaction: (...a: Parameters<Tenants['transaction']>) => {
        transactions += 1;
        return tenants.transaction(...a);
      },
    };
    return {
      slots: new Slots(counted as unknown as Tenants, clock),
      transactions: () => transactions,
    };
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
    const processes = [await countedSlots(systemClock), await countedSlots(systemClock)];
    const number = { merchantId, channelAccountId: 'acc_1' };
    const slots = await Promise.all(
      Array.from({ length: 400 }, (_, i) => processes[i % 2]!.slots.reserve(number, 100)),
    );
    const times = slots.map((s) => s.getTime()).sort((a, b) => a - b);
    expect(new Set(times).size).toBe(400);
    for (const [i, at] of times.entries()) if (i >= 100) expect(at - times[i - 100]!).toBeGreaterThan(1_000);
    expect(processes[0]!.transactions() + processes[1]!.transactions()).toBeLessThan(40);
  });

  it('takes the slots of a number together as they are asked for, and leaves a gap when the process ends', async () => {
    const number = { merchantId, channelAccountId: 'acc_leased' };
    const clock = new SteppedClock();
    const [first, second] = [await countedSlots(clock), await countedSlots(clock)];
    const times: number[] = [];
    const send = async (from: Slots): Promise<void> => {
      const slot = (await from.reserve(number, 80)).getTime();
      times.push(slot);
      clock.ms = Math.max(clock.ms + 5, slot);
    };
    for (let i = 0; i < 160; i++) await send(first.slots);
    expect(first.transactions()).toBeLessThan(40);
    // It ends with a lease in its hand.
    const before = times.at(-1)!;
    for (let i = 0; i < 160; i++) await send(second.slots);
    const gap = times[160]! - before;
    expect(gap).toBeLessThan(125);
    for (let i = 80; i < times.length; i++) expect(times[i]! - times[i - 80]!).toBeGreaterThanOrEqual(1_000);
  });

  it('lets two processes that send from one number at the same time wait for each other no longer than a lease', async () => {
    const number = { merchantId, channelAccountId: 'acc_shared' };
    const clock = new SteppedClock();
    const both = [await countedSlots(clock), await countedSlots(clock)];
    const times: number[] = [];
    for (let i = 0; i < 200; i++) {
      clock.ms += 30;
      for (const { slots } of both) {
        const slot = (await slots.reserve(number, 80)).getTime();
        expect(slot - clock.ms).toBeLessThan(200);
        times.push(slot);
      }
    }
    times.sort((a, b) => a - b);
    for (let i = 1; i < times.length; i++) expect(times[i]! - times[i - 1]!).toBeGreaterThanOrEqual(12);
  });

  it('does not use a leased slot when its time is over', async () => {
    const number = { merchantId, channelAccountId: 'acc_idle' };
    const clock = new SteppedClock();
    const { slots } = await countedSlots(clock);
    for (let i = 0; i < 20; i++) await slots.reserve(number, 80);
    clock.ms += 10_000;
    const burst = await Promise.all(Array.from({ length: 100 }, () => slots.reserve(number, 80)));
    const times = burst.map((slot) => slot.getTime());
    expect(Math.min(...times)).toBeGreaterThanOrEqual(clock.ms);
    for (let i = 80; i < 100; i++) expect(times[i]! - times[i - 80]!).toBeGreaterThanOrEqual(1_000);
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
      const text = {
        ...from!,
        person: { aliases: [] },
        content: { type: 'text', body: 'hi' } as const,
        threadId: 'thr',
      };
      await insertMessage(tx, { ...text, messageId: 'msg_moved' }, now);
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
