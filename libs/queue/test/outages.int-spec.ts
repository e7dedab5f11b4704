import type { INestApplication } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { deferred, done } from '#contracts';
import { createTestDatabase, TEST_BACKENDS, until, type TestDatabase } from '#testing';
import {
  fetchThing,
  interrupt,
  message,
  newScript,
  put,
  say,
  startLines,
  type Script,
} from './support/lines.js';

let script: Script;

describe.each(TEST_BACKENDS)('after an outage, with the queue on %s', (kind) => {
  let database: TestDatabase;
  let owner: pg.Client;
  let app: INestApplication;
  const folder = mkdtempSync(join(tmpdir(), 'waco-outage-'));
  const clockFile = join(folder, 'clock.json');

  beforeAll(async () => {
    database = await createTestDatabase();
    const elsewhere = new URL(database.ownerUrl);
    elsewhere.pathname = '/postgres';
    owner = new pg.Client({ connectionString: elsewhere.href });
    await owner.connect();
  });

  beforeEach(async () => {
    script = newScript();
    writeFileSync(clockFile, '{"offsetMs":0}');
    app = await startLines({
      script: () => script,
      databaseUrl: database.url('waco_outbound'),
      queueUrl: kind === 'redis' ? process.env.WACO_TEST_REDIS_URL! : database.queueUrl,
      prefix: `t${randomUUID().slice(0, 8)}`,
      clockFile,
    });
  });

  afterEach(() => app.close());
  afterAll(async () => {
    await owner.end();
    await database.drop();
    rmSync(folder, { recursive: true });
  });

  /** What a restart of PostgreSQL looks like from here: every connection breaks, and for a while there is no new one. */
  async function withoutDatabase(ms: number): Promise<void> {
    const name = new URL(database.ownerUrl).pathname.slice(1);
    await owner.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await owner.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
    await new Promise((resume) => setTimeout(resume, ms));
    await owner.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
  }

  it('does what was under way when the database went away', async () => {
    const [task, line, before] = [`task_${randomUUID()}`, `line_${randomUUID()}`, `before_${randomUUID()}`];
    await put(app, say, message(before, 'con_before'));
    await until('it works', () => script.applied.includes(before));

    let letGo = (): void => undefined;
    const gone = new Promise<void>((resolve) => (letGo = resolve));
    const results: string[] = [];
    script.onTask = async (id, ctx) => {
      await gone;
      await ctx.commit(async () => void results.push(id));
      return done;
    };
    script.onMessage = async () => {
      await gone;
      return done;
    };
    await put(app, fetchThing, message(task));
    await put(app, say, message(line, 'con_line'));
    await until('the task runs', () => script.tasks.includes(task));
    const outage = withoutDatabase(1_500);
    setTimeout(letGo, 500);
    await outage;

    await until('the result of the task', () => results.includes(task), 15_000);
    await until('the line', () => script.applied.includes(line), 15_000);
  });

  it('brings a deferred task and a deferred line when the clock jumps', async () => {
    const [task, line, behind] = [`task_${randomUUID()}`, `line_${randomUUID()}`, `behind_${randomUUID()}`];
    let later = true;
    script.onTask = (_id, ctx) => (later ? deferred(new Date(ctx.now.getTime() + 3_600_000)) : done);
    script.onMessage = (_id, ctx) => (later ? deferred(new Date(ctx.now.getTime() + 3_600_000)) : done);
    await put(app, fetchThing, message(task));
    await put(app, say, message(line, 'con_jump'), false);
    await put(app, say, message(behind, 'con_jump'), false);
    await until('the task', () => script.tasks.length === 1);
    await new Promise((resume) => setTimeout(resume, 4_500)); // swept, and deferred by the sweep's wake-up
    later = false;
    writeFileSync(clockFile, '{"offsetMs":3700000}');
    await until('the task again', () => script.tasks.length === 2, 8_000);
    await until('the line', () => script.applied.length === 2, 8_000);
    expect(script.applied).toEqual([line, behind]);
  });

  it('brings an expedited item whose wake-up was lost to a line that stands still', async () => {
    const [held, opener] = [`held_${randomUUID()}`, `opener_${randomUUID()}`];
    script.onMessage = (_id, ctx) => deferred(new Date(ctx.now.getTime() + 3_600_000));
    await put(app, say, message(held, 'con_still'), false);
    await put(app, say, message(`behind_${held}`, 'con_still'), false);
    await new Promise((resume) => setTimeout(resume, 4_500));
    await put(app, interrupt, message(opener, 'con_still'), false);
    await until('the expedited one', () => script.applied.includes(opener), 8_000);
  });
});
