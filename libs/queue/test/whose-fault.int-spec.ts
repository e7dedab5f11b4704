import type { INestApplication } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { done, type JobContract } from '#contracts';
import { later, query, Tenants } from '#persistence';
import { createTestDatabase, until, type TestDatabase } from '#testing';
import {
  interrupt,
  merchantId,
  message,
  newScript,
  put as putInto,
  say,
  startLines,
  type Script,
} from './support/lines.js';

/** Which item pays with an attempt when a transaction fails. */
let database: TestDatabase;
let app: INestApplication;
let script: Script;

beforeAll(async () => {
  database = await createTestDatabase();
  app = await startLines({
    script: () => script,
    databaseUrl: database.url('waco_outbound'),
    queueUrl: database.queueUrl,
    prefix: 'whose',
  });
});
beforeEach(() => (script = newScript()));
afterAll(async () => {
  await app.close();
  await database.drop();
});

const put = <P extends object>(contract: JobContract<P>, payload: P, wake?: boolean): Promise<void> =>
  putInto(app, contract, payload, wake);

it('counts no attempt when the database had to break a deadlock or gave no lock', async () => {
  const line = `way_${randomUUID()}`;
  const codes = ['40P01', '55P03', '40001'];
  script.onMessage = async (_id, { tx }) => {
    const code = codes.shift();
    if (code) await tx.query(`DO $$ BEGIN RAISE EXCEPTION 'gives way' USING ERRCODE = '${code}'; END $$`);
    return done;
  };
  await put(say, message('gives_way', line));
  await until('it is applied', () => script.applied.includes('gives_way'), 20_000);
  const read = () =>
    app
      .get(Tenants)
      .read(merchantId, `SELECT attempts FROM journal.items WHERE stream = $1 AND outcome = 'done'`, [line]);
  expect(await until('it is stored', async () => (await read())[0])).toEqual({ attempts: 0 });
  expect(codes).toEqual([]);
});

it('counts what fails at the end of a transaction against the item whose fault it is, until it is a dead letter', async () => {
  const line = `ends_${randomUUID()}`;
  script.onMessage = (id, ctx) => {
    if (id.startsWith('bad')) ctx.atEnd(line, () => Promise.reject(new Error('at the end')));
    return done;
  };
  const ids = ['good_1', 'bad', 'good_2'].map((id) => `${id}_${randomUUID()}`);
  for (const id of ids) await put(say, message(id, line), false);
  await put(interrupt, message(`wake_${line}`, line));
  const ends = async (): Promise<Record<string, unknown>> => {
    const rows = (await app.get(Tenants).read(
      merchantId,
      `SELECT payload ->> 'id' AS id, attempts, coalesce(outcome, CASE WHEN parked_at IS NULL THEN 'waits' ELSE reason END) AS end
       FROM journal.items WHERE stream = $1 AND name = $2`,
      [line, say.name],
    )) as { id: string; attempts: number; end: string }[];
    return Object.fromEntries(rows.map(({ id, attempts, end }) => [id, `${end} ${attempts}`]));
  };
  await until(
    'it is a dead letter',
    async () => (await ends())[ids[1]!]?.toString().startsWith('at the end'),
    20_000,
  );
  await until('those beside it are applied', async () => (await ends())[ids[2]!] === 'done 0');
  expect(await ends()).toEqual({ [ids[0]!]: 'done 0', [ids[1]!]: 'at the end 5', [ids[2]!]: 'done 0' });
}, 30_000);

it('counts what the database refuses against the item whose fault it is', async () => {
  const [good, bad, last] = ['good', 'bad', 'last'].map((word) => `${word}_${randomUUID()}`) as [
    string,
    string,
    string,
  ];
  script.onMessage = (id, ctx) => {
    // Sent without waiting: the refusal comes when the whole batch is to be stored.
    if (id === bad) later(ctx.tx, `SELECT 1 / $1::int`, [0]);
    return done;
  };
  for (const id of [good, bad]) await put(say, message(id, 'con_refused'), false);
  await put(say, message(last, 'con_refused'));
  const rows = await until(
    'the last',
    async () => {
      const found = (await app.get(Tenants).transaction(merchantId, (tx) =>
        tx.query(
          `SELECT payload->>'id' AS id, outcome, parked_at IS NOT NULL AS parked, reason FROM journal.items
           WHERE payload->>'line' = 'con_refused' ORDER BY items.id`,
        ),
      )) as { outcome: string | null }[];
      return found[2]?.outcome ? found : undefined;
    },
    20_000,
  );
  expect(rows).toEqual([
    { id: good, outcome: 'done', parked: false, reason: null },
    { id: bad, outcome: null, parked: true, reason: 'division by zero' },
    { id: last, outcome: 'done', parked: false, reason: null },
  ]);
});

it.each([
  ['asked, of a class that says nothing of data', '55000', true],
  ['asked, an error of the server', 'XX001', true],
  ['asked, of its own making', 'WA499', true],
  ['sent without waiting', '55000', false],
  ['sent without waiting, an error of the server', 'XX001', false],
])(
  'counts an error that comes each time, until it is a dead letter: %s',
  async (_how, code, waits) => {
    const line = `always_${randomUUID()}`;
    script.onMessage = async (id, { tx }) => {
      if (!id.startsWith('bad')) return done;
      const sql = `DO $$ BEGIN RAISE EXCEPTION 'always' USING ERRCODE = '${code}'; END $$`;
      if (waits) await query(tx, sql, []);
      else later(tx, sql, []);
      return done;
    };
    for (const id of ['good_1', 'bad', 'good_2'])
      await put(say, message(`${id}_${line}`, line), id === 'good_2');
    const ends = async () =>
      (await app
        .get(Tenants)
        .read(
          merchantId,
          `SELECT attempts, outcome, reason, parked_at IS NOT NULL AS parked FROM journal.items WHERE stream = $1 ORDER BY items.id`,
          [line],
        )) as { attempts: number; outcome: string | null; reason: string | null; parked: boolean }[];
    await until(
      'it is a dead letter, and the last applied',
      async () => {
        const [, bad, last] = await ends();
        return bad!.parked && last!.outcome !== null;
      },
      20_000,
    );
    expect(await ends()).toEqual([
      { attempts: 0, outcome: 'done', reason: null, parked: false },
      { attempts: 5, outcome: null, reason: 'always', parked: true },
      { attempts: 0, outcome: 'done', reason: null, parked: false },
    ]);
  },
  40_000,
);
