import fc from 'fast-check';
import { onArrival, pairLevel, takePair, type PairBucket, type PairRules } from './index.js';
import { SAMPLE_RULES, STRICT } from './testing/rules.js';

const T0 = Date.parse('2026-11-21T10:00:00Z');
const at = (ms: number): Date => new Date(T0 + ms);

/** Pair rates that channels may have, from one message at a time to hundreds at once. */
const rates: fc.Arbitrary<PairRules> = fc.record({
  refillMs: fc.integer({ min: 1, max: 20_000 }),
  burst: fc.integer({ min: 1, max: 300 }),
  marginMs: fc.nat(500),
  hold: fc.constant(STRICT.pair!.hold),
});

describe('pair rate', () => {
  it('lends a burst and then gives one back at a time', () => {
    const rules = STRICT.pair!;
    let bucket: PairBucket | null = null;
    for (let i = 0; i < rules.burst; i++) {
      const take = takePair(rules, bucket, at(0));
      expect(take.outcome).toBe('taken');
      if (take.outcome === 'taken') bucket = take.bucket;
    }
    expect(takePair(rules, bucket, at(0))).toEqual({ outcome: 'spent', until: at(2_050) });
    expect(takePair(rules, bucket, at(1_900)).outcome).toBe('spent');
    expect(takePair(rules, bucket, at(2_000)).outcome).toBe('taken');
    expect(pairLevel(rules, bucket, at(rules.burst * 2_000))).toBe(0);
  });

  it('keeps to what was lent and refilled, whatever the times of the messages', () => {
    const gaps = fc.array(fc.nat(20_000), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(rates, gaps, fc.integer({ min: 1, max: 40 }), (rules, all, haste) => {
        let bucket: PairBucket | null = null;
        let now = 0;
        const taken: number[] = [];
        for (const gap of all) {
          now += Math.floor(gap / haste);
          const take = takePair(rules, bucket, at(now));
          if (take.outcome === 'spent') {
            expect(takePair(rules, bucket, take.until).outcome).toBe('taken');
            continue;
          }
          bucket = take.bucket;
          taken.push(now);
        }
        // From any message on: never more than what was lent plus what was refilled, to a millisecond's rounding.
        for (let i = 0; i < taken.length; i++) {
          for (let j = i; j < taken.length; j++) {
            const refilled = (taken[j]! - taken[i]! + 1) / rules.refillMs;
            if (j - i + 1 > rules.burst + refilled + 1e-6) return false;
          }
        }
        return true;
      }),
      { numRuns: 100 },
    );
  });

  it('is never ahead of the channel, however long messages are on their way', () => {
    const step = fc.record({
      idle: fc.integer({ min: 0, max: 20_000 }),
      way: fc.integer({ min: 0, max: 15_000 }),
    });
    const steps = fc.array(step, { minLength: 60, maxLength: 120 });
    fc.assert(
      fc.property(rates, steps, fc.integer({ min: 1, max: 40 }), (rules, all, haste) => {
        let [now, bucket] = [0, null as PairBucket | null];
        let channel: PairBucket | null = null;
        for (const { idle, way } of all) {
          now += Math.floor(idle / haste);
          const take = takePair(rules, bucket, at(now));
          if (take.outcome === 'spent') continue;
          now += Math.floor(way / haste);
          const counted = takePair(rules, channel, at(now));
          if (counted.outcome === 'spent') return false;
          channel = counted.bucket;
          bucket = onArrival(rules, take.bucket, at(now));
        }
        return true;
      }),
      { numRuns: 2_000 },
    );
  });

  it('holds nothing back, and changes no bucket, where a channel has none', () => {
    const { pair } = SAMPLE_RULES['one without a pair rate'];
    const bucket = { level: -1_000, at: at(0) };
    expect(takePair(pair, bucket, at(0))).toEqual({ outcome: 'taken', bucket });
    expect(onArrival(pair, bucket, at(0))).toBe(bucket);
    expect(pairLevel(pair, bucket, at(0))).toBe(0);
  });
});
