import type { INestApplication } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { done, QUEUES, type JobOutcome } from '#contracts';
import { createTestDatabase, until, type TestDatabase } from '#testing';
import type { OrderedContext } from '../src/context.js';
import { fetchThing, message, newScript, put, say, startLines, type Script } from './support/lines.js';

const LATER_MS = 60_000;

describe('a task that begins with the commit that emits it', () => {
  let database: TestDatabase;
  let owner: DataSource;
  let app: INestApplication;
  let script: Script;

  const start = async (): Promise<INestApplication> =>
    startLines({
      script: () => script,
      // The server of the tests does not wait for its disk; services do unless they say otherwise.
      databaseUrl: `${database.url('waco_outbound')}?options=-c%20synchronous_commit%3Don`,
      queueUrl: database.queueUrl,
      prefix: 'begun',
    });

  beforeAll(async () => {
    database = await createTestDatabase();
    owner = await new DataSource({ type: 'postgres', url: database.ownerUrl }).initialize();
    await owner.query(`
      CREATE TABLE public.commits (external_id text, durable text);
      GRANT ALL ON public.commits TO PUBLIC;
      CREATE FUNCTION public.note_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO public.commits VALUES (NEW.external_id, current_setting('synchronous_commit'));
        RETURN NULL;
      END $$;
      CREATE CONSTRAINT TRIGGER note_commit AFTER INSERT OR UPDATE ON journal.items
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.note_commit()`);
  });
  beforeEach(async () => {
    script = newScript();
    app = await start();
  });
  afterEach(() => app.close());
  afterAll(async () => {
    await owner.destroy();
    await database.drop();
  });

  /** Begins the task `id` from within a transaction. */
  const begin = (
    ctx: Pick<OrderedContext, 'begin'>,
    id: string,
    dueAt = new Date(Date.now() + LATER_MS),
  ): boolean => ctx.begin(fetchThing, message(id), { dueAt, known: { told: id } });
  const stateOf = async (id: string) =>
    (
      await owner.query(
        `SELECT outcome, attempts, due_at AS "dueAt" FROM journal.items WHERE external_id = $1`,
        [`${fetchThing.name}/${id}`],
      )
    )[0] as { outcome: string | null; attempts: number; dueAt: Date } | undefined;
  const isDone = (id: string) => until(`${id} is done`, async () => (await stateOf(id))?.outcome === 'done');

  it('runs without a job, is told what was found out, and is on the disk before', async () => {
    const id = randomUUID();
    const told: unknown[] = [];
    script.onMessage = (_, ctx) => {
      expect(begin(ctx, id)).toBe(true);
      return done;
    };
    script.onTask = (_, ctx) => {
      told.push(ctx.begunWith, ctx.now.getTime() < Date.now() + 1_000);
      return done;
    };
    await put(app, say, message(randomUUID(), 'line_a'));
    await isDone(id);
    expect(told).toEqual([{ told: id }, true]);
    const [{ durable }] = await owner.query(
      `SELECT durable FROM public.commits WHERE external_id LIKE '%' || $1`,
      [id],
    );
    expect(durable).toBe('on');
  });

  it('leaves ordered work that begins nothing as it is', async () => {
    const id = randomUUID();
    await put(app, say, message(id, 'line_b'));
    await until('it is applied', () => script.applied.includes(id));
    const rows = await owner.query(`SELECT durable FROM public.commits WHERE external_id LIKE '%' || $1`, [
      id,
    ]);
    expect(rows.at(-1).durable).toBe('off');
  });

  it('does not begin when the transaction is given up, and gives its place back', async () => {
    const ids = Array.from({ length: QUEUES.sends.concurrency }, () => randomUUID());
    const begun: boolean[][] = [];
    script.onMessage = (_, ctx): JobOutcome => {
      begun.push(ids.map((id) => begin(ctx, id)));
      if (begun.length === 1) throw new Error('not this time');
      return done;
    };
    await put(app, say, message(randomUUID(), 'line_g'));
    for (const id of ids) await isDone(id);
    expect(begun.flat()).toEqual(Array(2 * ids.length).fill(true));
    expect(script.tasks.toSorted()).toEqual(ids.toSorted());
  });

  it('has so many places, and none when its process is to end, which waits for those that began', async () => {
    const { concurrency } = QUEUES.sends;
    const ids = Array.from({ length: concurrency + 1 }, () => randomUUID());
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    script.onTask = async () => (await held, done);
    let begun: boolean[] = [];
    script.onMessage = (_, ctx) => {
      begun = ids.map((id) => begin(ctx, id));
      return done;
    };
    await put(app, say, message(randomUUID(), 'line_c'));
    await until('all places are taken', () => script.tasks.length === concurrency);
    expect(begun.filter((b) => b)).toHaveLength(concurrency);
    expect(await stateOf(ids.at(-1)!)).toBeUndefined();
    let closed = false;
    const closing = app.close().then(() => (closed = true));
    await new Promise((resume) => setTimeout(resume, 300));
    expect(closed).toBe(false);
    letGo();
    await closing;
    expect(await stateOf(ids[0]!)).toMatchObject({ outcome: 'done' });
    app = await start();
  });

  it('is taken up by others when its process died', async () => {
    const id = randomUUID();
    script.onMessage = (_, ctx) => {
      begin(ctx, id, new Date(Date.now() + 500));
      return done;
    };
    const told: unknown[] = [];
    script.onTask = (_, ctx) => {
      told.push(ctx.begunWith);
      return told.length === 1 ? new Promise(() => undefined) : done; // the first one is as good as dead
    };
    await put(app, say, message(randomUUID(), 'line_d'));
    await isDone(id);
    expect(told).toEqual([{ told: id }, undefined]);
  });

  it('is settled once when both come to their end', async () => {
    const id = randomUUID();
    script.onMessage = (_, ctx) => {
      begin(ctx, id, new Date(Date.now() + 500));
      return done;
    };
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    const committed: boolean[] = [];
    script.onTask = async (_, ctx) => {
      if (ctx.begunWith) await held;
      committed.push(await ctx.commit(() => Promise.resolve()));
      return done;
    };
    await put(app, say, message(randomUUID(), 'line_e'));
    await isDone(id);
    letGo();
    await until('both are over', () => committed.length === 2);
    expect(committed).toEqual([true, false]);
  });

  it('begins nothing when a process died at the item that asks for it', async () => {
    const [asks, id] = [randomUUID(), randomUUID()];
    const begun: boolean[] = [];
    script.onMessage = (_, ctx) => {
      begun.push(begin(ctx, id));
      return done;
    };
    await put(app, say, message(asks, 'line_f'), false);
    await owner.query(`UPDATE journal.items SET endings = 1 WHERE external_id LIKE '%' || $1`, [asks]);
    await until('it is applied', () => script.applied.includes(asks));
    expect(begun).toEqual([false]);
  });
});
