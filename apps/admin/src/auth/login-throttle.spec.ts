import { jest } from '@jest/globals';
import { delayOf, LoginThrottle } from './login-throttle.js';

const at = (ms: number): Date => new Date(1_000_000 + ms);
const nowhereElse = async () => 0;

describe('slowing wrong keys down', () => {
  afterEach(() => jest.useRealTimers());

  it('holds each wrong key longer, up to a limit', () => {
    expect([1, 2, 3, 8, 9, 1_000].map(delayOf)).toEqual([500, 1_000, 1_500, 4_000, 4_000, 4_000]);
  });

  it('counts its own for a minute, and takes the others’ word when they have more', async () => {
    jest.useFakeTimers();
    const throttle = new LoginThrottle();
    const held = async (ms: number, counted: () => Promise<number>) => {
      const started = performance.now();
      await throttle.hold(at(ms), counted);
      return performance.now() - started;
    };
    const away = () => Promise.reject(new Error('the database is away'));
    const three = Promise.all([held(0, nowhereElse), held(1, away), held(2, async () => 5)]);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(await three).toEqual([500, 1_000, 2_500]);
    const later = held(61_000, nowhereElse);
    await jest.advanceTimersByTimeAsync(10_000);
    expect(await later).toBe(500);
  });

  it('refuses at once when too many are waiting', async () => {
    const throttle = new LoginThrottle();
    let release: (count: number) => void = () => undefined;
    const counted = new Promise<number>((resolve) => (release = resolve));
    const held = Array.from({ length: 100 }, () => throttle.hold(at(0), () => counted));
    expect(await throttle.hold(at(0), () => counted)).toBe(false);
    release(0);
    expect(await Promise.all(held)).toEqual(held.map(() => true));
  }, 10_000);
});
