import fc from 'fast-check';
import { currentRate, reserveSlot, RESTED, slowDown, type Pacing } from './index.js';

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
