import { jest } from '@jest/globals';
import { GROUP_COMMIT, GroupCommit, JournalBusy } from './group-commit.js';

/** A journal whose inserts end when the test says so. */
class Inserts {
  readonly batches: string[][] = [];
  private readonly open: { resolve: () => void; reject: (e: unknown) => void }[] = [];

  readonly write = (items: readonly string[]): Promise<void> => {
    this.batches.push([...items]);
    return new Promise((resolve, reject) => this.open.push({ resolve, reject }));
  };

  async end(error?: unknown): Promise<void> {
    await settle();
    while (this.open.length === 0) await settle();
    const insert = this.open.shift()!;
    if (error === undefined) insert.resolve();
    else insert.reject(error);
    await settle();
  }
}

const settle = (): Promise<void> => new Promise((resume) => setImmediate(resume));
/** In a moment of its own, after those that were before. */
let before: Promise<unknown> = Promise.resolve();
const later = (store: () => Promise<void>): Promise<void> => {
  const stored = before.then(settle).then(() => ({ stored: store() }));
  before = stored;
  return stored.then(({ stored: done }) => done);
};
const refusal = Object.assign(new Error('violates'), { code: '23514' });
const gone = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });

function outcomeOf(promise: Promise<void>): { value: string } {
  const outcome = { value: 'waiting' };
  promise.then(
    () => (outcome.value = 'stored'),
    (e: Error) => (outcome.value = e.message),
  );
  return outcome;
}

describe('GroupCommit', () => {
  describe('with what may wait', () => {
    beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate'] }));
    afterEach(() => jest.useRealTimers());

    it('writes it with what comes meanwhile, when its time is over', async () => {
      const inserts = new Inserts();
      const group = new GroupCommit(inserts.write);
      void group.store(['a'], undefined, 20);
      await settle();
      jest.advanceTimersByTime(19);
      void group.store(['b'], undefined, 20);
      await settle();
      expect(inserts.batches).toEqual([]);
      jest.advanceTimersByTime(1);
      await settle();
      expect(inserts.batches).toEqual([['a', 'b']]);
      await inserts.end();
      void group.store(['c'], undefined, 20);
      await settle();
      expect(inserts.batches).toHaveLength(1);
      jest.advanceTimersByTime(20);
      await settle();
      expect(inserts.batches[1]).toEqual(['c']);
    });

    it('writes it at once with what may not wait, behind a write, and when it is enough', async () => {
      const inserts = new Inserts();
      const group = new GroupCommit(inserts.write);
      void group.store(['a'], undefined, 20);
      void group.store(['b']);
      await settle();
      expect(inserts.batches).toEqual([['a', 'b']]);
      void group.store(['c'], undefined, 20);
      await inserts.end();
      expect(inserts.batches[1]).toEqual(['c']);
      await inserts.end();
      for (let i = 0; i < 32; i++) void group.store([`d${i}`], undefined, 20);
      await settle();
      expect(inserts.batches[2]).toHaveLength(32);
      jest.advanceTimersByTime(100);
      await inserts.end();
      expect(inserts.batches).toHaveLength(3);
    });
  });

  it('writes at once when idle, and what arrives meanwhile or in the same moment together, in order', async () => {
    const inserts = new Inserts();
    const group = new GroupCommit(inserts.write);
    const first = outcomeOf(group.store(['a']));
    await settle();
    const others = ['b', 'c', 'd'].map((item) => outcomeOf(group.store([item])));
    expect(inserts.batches).toEqual([['a']]);
    await inserts.end();
    expect(inserts.batches).toEqual([['a'], ['b', 'c', 'd']]);
    expect([first, ...others].map((o) => o.value)).toEqual(['stored', 'waiting', 'waiting', 'waiting']);
    await inserts.end();
    expect(others.map((o) => o.value)).toEqual(['stored', 'stored', 'stored']);
    void group.store(['e']); // idle again
    void group.store(['f']);
    await settle();
    expect(inserts.batches[2]).toEqual(['e', 'f']);
    expect(inserts.batches).toHaveLength(3);
  });

  it('keeps batches to their size, and never splits a request', async () => {
    const inserts = new Inserts();
    const group = new GroupCommit(inserts.write, { ...GROUP_COMMIT, batchItems: 3 });
    for (const items of [['a'], ['b', 'c'], ['d', 'e'], ['1', '2', '3', '4', '5'], ['f']])
      void later(() => group.store(items));
    await settle();
    for (let i = 0; i < 5; i++) await inserts.end().catch(() => undefined);
    expect(inserts.batches).toEqual([['a'], ['b', 'c'], ['d', 'e'], ['1', '2', '3', '4', '5'], ['f']]);
  });

  it('fails only the request whose items the database refuses', async () => {
    const stored: string[] = [];
    const group = new GroupCommit<string>(async (items) => {
      await settle();
      if (items.includes('bad')) throw refusal;
      stored.push(...items);
    });
    const requests = [['a'], ['b'], ['bad', 'c'], ['d']].map((items) => outcomeOf(group.store(items)));
    for (let i = 0; i < 20; i++) await settle();
    expect(requests.map((r) => r.value)).toEqual(['stored', 'stored', 'violates', 'stored']);
    expect(stored).toEqual(['a', 'b', 'd']);
  });

  it('fails all requests of a batch at once when the database is away, and goes on with the next', async () => {
    const inserts = new Inserts();
    const group = new GroupCommit(inserts.write);
    const first = outcomeOf(group.store(['a']));
    await settle();
    const requests = [first, ...['b', 'c'].map((item) => outcomeOf(group.store([item])))];
    await inserts.end(gone);
    await inserts.end(gone);
    expect(inserts.batches).toEqual([['a'], ['b', 'c']]);
    expect(requests.map((r) => r.value)).toEqual(['refused', 'refused', 'refused']);
    const next = outcomeOf(group.store(['d']));
    await inserts.end();
    expect(next.value).toBe('stored');
  });

  it('goes again after a deadlock', async () => {
    const inserts = new Inserts();
    const group = new GroupCommit(inserts.write);
    const request = outcomeOf(group.store(['a']));
    await inserts.end(Object.assign(new Error('deadlock'), { code: '40P01' }));
    await inserts.end();
    expect(inserts.batches).toEqual([['a'], ['a']]);
    expect(request.value).toBe('stored');
  });

  it('does not write what was given up while it waited', async () => {
    const inserts = new Inserts();
    const group = new GroupCommit(inserts.write);
    const abort = new AbortController();
    void group.store(['a']);
    await settle();
    const late = outcomeOf(group.store(['b'], abort.signal));
    void group.store(['c']);
    abort.abort();
    await inserts.end();
    expect(inserts.batches).toEqual([['a'], ['c']]);
    expect(late.value).toMatch(/given up/);
  });

  it('refuses at once when too much waits', async () => {
    const inserts = new Inserts();
    const group = new GroupCommit(inserts.write, { ...GROUP_COMMIT, waitingItems: 2 });
    void group.store(['running']);
    await settle();
    void group.store(['a', 'b']);
    await expect(group.store(['c'])).rejects.toThrow(JournalBusy);
    await inserts.end();
    const next = outcomeOf(group.store(['d']));
    await inserts.end();
    await inserts.end();
    expect(next.value).toBe('stored');
  });

  it('goes round an insert that hangs, up to a number of them, and recovers when they end', async () => {
    const inserts = new Inserts();
    const group = new GroupCommit(inserts.write, { ...GROUP_COMMIT, patienceMs: 10, stuckInserts: 2 });
    const requests = ['a', 'b'].map((item) => outcomeOf(later(() => group.store([item]))));
    await new Promise((resume) => setTimeout(resume, 60));
    expect(inserts.batches).toEqual([['a'], ['b']]);
    await expect(group.store(['c'])).rejects.toThrow(JournalBusy);
    await inserts.end();
    await inserts.end();
    expect(requests.map((r) => r.value)).toEqual(['stored', 'stored']);
    void group.store(['d']);
    await settle();
    expect(inserts.batches).toEqual([['a'], ['b'], ['d']]);
  });

  it('has nothing to do for no items', async () => {
    const inserts = new Inserts();
    await new GroupCommit(inserts.write).store([]);
    expect(inserts.batches).toEqual([]);
  });
});
