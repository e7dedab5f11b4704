import { jest } from '@jest/globals';
import { QUEUES } from '#contracts';
import type { QueueBackend } from './backend.js';
import { Waker, type Wake } from './waker.js';

const { name: queue, gatherMs } = QUEUES.statuses;
const NOON = Date.parse('2026-11-27T12:00:00Z');

interface Added {
  lane: string;
  jobId?: string;
}
let added: Added[];
let bulks: number;
let isAway: boolean;
let waker: Waker;

beforeEach(() => {
  jest.useFakeTimers({ now: NOON });
  [added, bulks, isAway] = [[], 0, false];
  const queueOf = (lane: string) => {
    const add = (opts: { jobId?: string }): void => {
      if (isAway) throw new Error('the queue server is away');
      added.push({ lane, jobId: opts.jobId });
    };
    return {
      add: async (_name: string, _data: object, opts: Added) => add(opts),
      addBulk: async (jobs: { opts: Added }[]) => {
        bulks++;
        for (const { opts } of jobs) add(opts);
      },
    };
  };
  waker = new Waker({ queue: queueOf } as unknown as QueueBackend);
});
afterEach(() => jest.useRealTimers());

const status = (message: string, more: Partial<Wake> = {}): Wake => ({
  queue,
  merchantId: 'mer_1',
  stream: `message/${message}`,
  name: 'status',
  ...more,
});

describe('what gathers', () => {
  it('has one job for a merchant and stretch, which this process adds once', async () => {
    for (const message of ['a', 'b', 'c']) await waker.wake([status(message)]);
    await waker.wake([status('d'), status('e')]);
    expect(added).toHaveLength(1);
    await waker.wake([status('a', { merchantId: 'mer_2' })]);
    expect(added).toHaveLength(2);
    expect(new Set(added.map(({ jobId }) => jobId)).size).toBe(2);
  });

  it('has another in the next stretch', async () => {
    await waker.wake([status('a')]);
    jest.setSystemTime(NOON + gatherMs);
    await waker.wake([status('b')]);
    await waker.wake([status('c')]);
    expect(added).toHaveLength(2);
    expect(added[0]!.jobId).not.toBe(added[1]!.jobId);
  });

  it('is added again when it did not reach the queue', async () => {
    isAway = true;
    await waker.wake([status('a')]);
    isAway = false;
    await waker.wake([status('b')]);
    await waker.wake([status('c')]);
    expect(added).toHaveLength(1);
  });

  it('counts against the share of its merchant, whose next job stands in the lane of a crowd', async () => {
    for (let i = 0; i < 60; i++) await waker.wake([status(`m${i}`)]);
    jest.setSystemTime(NOON + gatherMs);
    await waker.wake([status('next')]);
    expect(added.map(({ lane }) => lane)).toEqual([queue, `${queue}-crowd`]);
  });

  it('has a job of its own when a process may have crashed with it', async () => {
    await waker.wake([status('a')]);
    await waker.wake([status('a', { counted: true })]);
    expect(new Set(added.map(({ jobId }) => jobId)).size).toBe(2);
  });
});

it('adds jobs in bulk when there are several', async () => {
  const lines = ['a', 'b'].map((line) => ({
    ...status(line),
    queue: 'recipients',
    merchantId: `mer_${line}`,
  }));
  await waker.wake(lines);
  expect([bulks, added.length]).toEqual([1, 2]);
  await waker.wake(lines.slice(0, 1));
  expect([bulks, added.length]).toEqual([1, 3]);
});
