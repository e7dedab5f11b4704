import pg from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { atCommit, CONNECTION, later, query, sqlState, Tenants } from '#persistence';
import { createTestDatabase, type TestDatabase } from '#testing';

/** What a merchant's transaction sends, and when. */

const MERCHANT = 'mer_1';

let database: TestDatabase;
let owner: pg.Client;
let source: DataSource;
let tenants: Tenants;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  source = await new DataSource({
    type: 'postgres',
    url: database.url('waco_outbound'),
    poolSize: 2,
    extra: CONNECTION,
  }).initialize();
  tenants = new Tenants(source);
});
afterAll(async () => {
  await source?.destroy();
  await owner?.end();
  await database?.drop();
});

/** Makes a recipient, or counts up one that is there. */
const put = (tx: EntityManager, contactId: string): void =>
  later(
    tx,
    `INSERT INTO outbound.recipients (merchant_id, channel_account_id, contact_id, pair_at)
     VALUES (current_setting('waco.merchant_id'), 'acc_1', $1, now())
     ON CONFLICT (merchant_id, channel_account_id, contact_id) DO UPDATE SET pair_refusals = recipients.pair_refusals + 1`,
    [contactId],
  );

async function rowsOf(contactId: string): Promise<{ merchant: string; count: number }[]> {
  const { rows } = await owner.query<{ merchant: string; count: number }>(
    `SELECT merchant_id AS merchant, pair_refusals AS count FROM outbound.recipients WHERE contact_id = $1`,
    [contactId],
  );
  return rows;
}

describe('what is sent at the commit', () => {
  it('is sent once for each key, behind everything else', async () => {
    await tenants.transaction(MERCHANT, async (tx) => {
      for (const key of ['one', 'one', 'two']) atCommit(tx, key, () => put(tx, 'con_last'));
      const before = await query(tx, `SELECT FROM outbound.recipients WHERE contact_id = 'con_last'`, []);
      expect(before).toEqual([]);
    });
    expect(await rowsOf('con_last')).toEqual([{ merchant: MERCHANT, count: 1 }]);
  });

  it('is not sent when the transaction is given up, and gives it up when it fails', async () => {
    const given = tenants.transaction(MERCHANT, async (tx) => {
      atCommit(tx, 'one', () => put(tx, 'con_given_up'));
      throw new Error('on purpose');
    });
    await expect(given).rejects.toThrow('on purpose');
    const failed = tenants.transaction(MERCHANT, async (tx) => {
      put(tx, 'con_given_up');
      atCommit(tx, 'one', () => later(tx, 'SELECT 1 / $1::int', [0]));
    });
    await expect(failed).rejects.toThrow('division by zero');
    expect(await rowsOf('con_given_up')).toEqual([]);
  });
});

describe('work that goes on when its transaction is over', () => {
  /** Waits for an answer that comes when nobody waits for the work any more, and would then write. */
  const straggler = (tx: EntityManager): Promise<void> =>
    query(tx, 'SELECT pg_sleep(0.2)', []).then(() => put(tx, 'con_late'));

  it('sends nothing behind the commit, where no merchant is named', async () => {
    let late: Promise<void> | undefined;
    await tenants.transaction(MERCHANT, async (tx) => {
      late = straggler(tx);
      late.catch(() => undefined);
    });
    await expect(late).rejects.toThrow('it is over');
    expect(await rowsOf('con_late')).toEqual([]);
  });

  it('nor behind a rollback', async () => {
    let late: Promise<void> | undefined;
    const given = tenants.transaction(MERCHANT, async (tx) => {
      late = straggler(tx);
      late.catch(() => undefined);
      throw new Error('on purpose');
    });
    await expect(given).rejects.toThrow('on purpose');
    await expect(late).rejects.toThrow('it is over');
    expect(await rowsOf('con_late')).toEqual([]);
  });
});

it('says why it failed, also of a statement whose failure nobody heard', async () => {
  const failed = tenants.transaction(MERCHANT, async (tx) => {
    query(tx, 'SELECT 1 / $1::int', [0]).catch(() => undefined);
  });
  const error: unknown = await failed.catch((e: unknown) => e);
  expect(sqlState(error)).toBe('22012');
});
