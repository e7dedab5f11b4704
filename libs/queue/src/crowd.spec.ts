import { jest } from '@jest/globals';
import { CrowdLimit } from './crowd.js';

describe('the places of a crowd', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('are few until nobody else has come for a second, again and again', () => {
    const worker = { concurrency: 16 };
    const crowd = new CrowdLimit(2, 16);
    crowd.limits(worker);
    for (let i = 0; i < 3; i++) {
      crowd.othersCame();
      expect(worker.concurrency).toBe(2);
      jest.advanceTimersByTime(900);
      crowd.othersCame();
      jest.advanceTimersByTime(900);
      expect(worker.concurrency).toBe(2);
      jest.advanceTimersByTime(200);
      expect(worker.concurrency).toBe(16);
    }
  });

  it('rest for longer than they were held while others are there, also after a failure', async () => {
    const crowd = new CrowdLimit(2, 16);
    crowd.limits({ concurrency: 16 });
    const ends: number[] = [];
    const work = (heldMs: number, othersCome = false, fails = false) =>
      crowd
        .job(async () => {
          await jest.advanceTimersByTimeAsync(heldMs);
          if (othersCome) crowd.othersCame();
          if (fails) throw new Error('of the job');
        })
        .catch(() => undefined)
        .then(() => ends.push(Date.now()));
    const began = Date.now();
    await work(100);
    expect(ends).toEqual([began + 100]);

    for (const [heldMs, fails, restMs] of [
      [100, false, 300],
      [100, true, 300],
      [900, false, 1_000],
    ] as const) {
      ends.length = 0;
      const heldFrom = Date.now();
      const job = work(heldMs, true, fails);
      while (ends.length === 0) await jest.advanceTimersByTimeAsync(10);
      await job;
      const took = ends[0]! - heldFrom;
      expect(took).toBeGreaterThanOrEqual(heldMs + restMs);
      expect(took).toBeLessThan(heldMs + restMs + 50);
    }
  });
});
