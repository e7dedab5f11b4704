import { jest } from '@jest/globals';
import { QUEUES } from '#contracts';
import { CrowdLimit } from './crowd.js';

describe('serving a crowd', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('takes fewer jobs, until a second after the last of a crowd is done', async () => {
    const worker = { concurrency: 16 };
    const crowd = new CrowdLimit(16, QUEUES.threads);
    let finish: () => void = () => undefined;
    const long = crowd.serve(worker, () => new Promise<void>((done) => (finish = done)));
    await crowd.serve(worker, () => Promise.resolve());
    jest.advanceTimersByTime(60_000);
    expect(worker.concurrency).toBe(4);
    finish();
    await long;
    jest.advanceTimersByTime(900);
    expect(worker.concurrency).toBe(4);
    jest.advanceTimersByTime(200);
    expect(worker.concurrency).toBe(16);
  });

  it.each([
    ['ordered work', QUEUES.threads, 16, 4],
    ['however few slots', QUEUES.threads, 2, 1],
    ['a task within the system', QUEUES.questions, 32, 8],
    ['calls that wait for others', QUEUES.sends, 64, 64],
  ])('runs a share at a time: %s', (_of, queue, slots, atOnce) => {
    const crowd = new CrowdLimit(slots, queue);
    let running = 0;
    for (let i = 0; i < 100; i++) {
      void crowd.pass(() => {
        running += 1;
        return new Promise(() => undefined);
      });
    }
    expect(running).toBe(atOnce);
  });
});
