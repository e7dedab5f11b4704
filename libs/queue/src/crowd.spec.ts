import { jest } from '@jest/globals';
import { CrowdLimit } from './crowd.js';

describe('the places of a crowd', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('are few until nobody else has come for a second, again and again', () => {
    const worker = { concurrency: 16 };
    const crowd = new CrowdLimit(worker, 2, 16);
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
});
