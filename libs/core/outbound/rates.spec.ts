import fc from 'fast-check';
import {
  currentRate,
  pairLevel,
  reserveSlot,
  RESTED,
  slowDown,
  onArrival,
  takePair,
  type PairBucket,
  type Pacing,
} from './index.js';

const T0 = Date.parse('2026-11-21T10:00:00Z');
const at = (ms: number): Date => new Date(T0 + ms);

describe('number pacing', () => {
  it('never exceeds the rate in any sliding second and uses at least 97 % of it under load', () => {
    fc.assert(
      fc.property(fc.constantFrom(20, 80, 250, 1_000), fc.infiniteStream(fc.nat(3)), (rate, gaps) => {
        let pacing: Pacing = RESTED;
        let now = 0;
        const slots: number[] = [];
        const count = rate * 5;
        for (const gap of gaps) {
          // Requests come as fast as they can, in small bursts, always ahead of their slots.
          now = Math.min(now + gap * (200 / rate), slots.at(-1) ?? 0);
          const reserved = reserveSlot(pacing, rate, at(now));
          pacing = reserved.pacing;
          slots.push(reserved.slotAt.getTime() - T0);
          if (slots.length === count) break;
        }
        for (let i = rate; i < count; i++) expect(slots[i]! - slots[i - rate]!).toBeGreaterThanOrEqual(1_000);
        expect(count / ((slots.at(-1)! - slots[0]!) / 1_000)).toBeGreaterThanOrEqual(rate * 0.97);
      }),
      { numRuns: 25 },
    );
  });

  it('lets a rested number send at once', () => {
    expect(reserveSlot(RESTED, 80, at(0)).slotAt).toEqual(at(0));
  });

  /** Refused at `ms`, planned `before` that. */
  const refused = (pacing: Pacing, ms: number, before = 100): Pacing =>
    slowDown(pacing, 80, at(ms), at(ms - before));

  it('eases on a refusal, and recovers within a minute', () => {
    const eased = refused(RESTED, 0);
    expect(currentRate(eased, 80, at(0))).toBe(76);
    expect(reserveSlot(eased, 80, at(0)).slotAt).toEqual(at(100));
    expect(currentRate(eased, 80, at(30_000))).toBe(78);
    expect(currentRate(eased, 80, at(60_000))).toBe(80);
    expect(currentRate(refused(eased, 30_000), 80, at(30_000))).toBeCloseTo(74, 0);
  });

  it('takes no second refusal of what was planned before the rate was slowed', () => {
    const eased = refused(RESTED, 0);
    expect(refused(eased, 500, 600)).toEqual(eased);
    expect(refused(eased, 50_000, 50_000)).toEqual(eased);
  });

  it('halves when the slower rate is refused as well, again and again', () => {
    const halved = refused(refused(RESTED, 0), 3_000);
    expect(currentRate(halved, 80, at(3_000))).toBeCloseTo(38, 0);
    expect(reserveSlot(halved, 80, at(3_000)).slotAt).toEqual(at(4_000));
    expect(currentRate(refused(halved, 6_000), 80, at(6_000))).toBeCloseTo(20, 0);
    expect(currentRate(halved, 80, at(33_000))).toBeCloseTo(59, 0);
    expect(currentRate(halved, 80, at(63_000))).toBe(80);
  });
});

describe('pair rate', () => {
  it('lends 45 messages and then gives one each six seconds', () => {
    let bucket: PairBucket | null = null;
    for (let i = 0; i < 45; i++) {
      const take = takePair(bucket, at(0));
      expect(take.outcome).toBe('taken');
      if (take.outcome === 'taken') bucket = take.bucket;
    }
    expect(takePair(bucket, at(0))).toEqual({ outcome: 'spent', until: at(6_100) });
    expect(takePair(bucket, at(5_900)).outcome).toBe('spent');
    expect(takePair(bucket, at(6_000)).outcome).toBe('taken');
    expect(pairLevel(bucket, at(45 * 6_000))).toBe(0);
  });

  it('keeps to 45 and one each 6 s whatever the times of the messages', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20_000), { minLength: 1, maxLength: 300 }), (gaps) => {
        let bucket: PairBucket | null = null;
        let now = 0;
        const taken: number[] = [];
        for (const gap of gaps) {
          now += gap;
          const take = takePair(bucket, at(now));
          if (take.outcome === 'spent') {
            expect(takePair(bucket, take.until).outcome).toBe('taken');
            continue;
          }
          bucket = take.bucket;
          taken.push(now);
        }
        // From any message on: never more than what was lent plus what was refilled.
        for (let i = 0; i < taken.length; i++) {
          for (let j = i; j < taken.length; j++) {
            expect(j - i + 1).toBeLessThanOrEqual(45 + (taken[j]! - taken[i]!) / 6_000 + 1e-6);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it('is never ahead of the channel, however long messages are on their way', () => {
    const step = fc.record({
      idle: fc.integer({ min: 0, max: 20_000 }),
      way: fc.integer({ min: 0, max: 15_000 }),
    });
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 60, maxLength: 120 }),
        fc.integer({ min: 1, max: 40 }),
        (steps, haste) => {
          let [now, bucket] = [0, null as Parameters<typeof takePair>[0]];
          let channel: typeof bucket = null;
          for (const { idle, way } of steps) {
            now += Math.floor(idle / haste);
            const take = takePair(bucket, at(now));
            if (take.outcome === 'spent') continue;
            now += Math.floor(way / haste);
            const counted = takePair(channel, at(now));
            if (counted.outcome === 'spent') return false;
            channel = counted.bucket;
            bucket = onArrival(take.bucket, at(now));
          }
          return true;
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
