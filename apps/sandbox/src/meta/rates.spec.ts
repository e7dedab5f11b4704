import fc from 'fast-check';
import { MessagingLimit, PairRate, Throughput } from './rates.js';

describe('PairRate', () => {
  it('never accepts more than 45 and one for each 6 s, whatever the pace', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 400 }), (gaps) => {
        const rate = new PairRate();
        let now = 0;
        let accepted = 0;
        for (const gap of gaps) {
          now += gap;
          if (rate.take('pair', now)) accepted += 1;
          expect(accepted).toBeLessThanOrEqual(45 + now / 6_000);
        }
      }),
    );
  });

  it('accepts one message each 6 s for ever', () => {
    const rate = new PairRate();
    for (let i = 0; i < 1_000; i += 1) expect(rate.take('pair', i * 6_000)).toBe(true);
  });

  it('does not block for ever when the clock is set back', () => {
    const rate = new PairRate();
    rate.take('pair', 10 ** 9);
    expect(rate.take('pair', 0)).toBe(true);
  });
});

describe('Throughput', () => {
  it('counts a sliding second', () => {
    const throughput = new Throughput();
    expect([0, 500, 900].map((at) => throughput.take('n', 2, at))).toEqual([true, true, false]);
    expect([1_000, 1_400, 1_500].map((at) => throughput.take('n', 2, at))).toEqual([true, false, true]);
  });
});

describe('MessagingLimit', () => {
  it('counts each person once in 24 hours', () => {
    const limit = new MessagingLimit();
    const hour = 3_600_000;
    expect(limit.take('p', 'a', 2, 0)).toBe(true);
    expect(limit.take('p', 'b', 2, hour)).toBe(true);
    expect(limit.take('p', 'a', 2, 2 * hour)).toBe(true);
    expect(limit.take('p', 'c', 2, 3 * hour)).toBe(false);
    expect(limit.take('other', 'c', 2, 3 * hour)).toBe(true);
    expect(limit.take('p', 'c', 2, 24 * hour)).toBe(true);
  });
});
