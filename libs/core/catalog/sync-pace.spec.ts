import fc from 'fast-check';
import { nextSyncAt, SYNC_PACE } from './sync-pace.js';

const NOW = new Date('2026-11-27T10:00:00Z');
const distance = (failures: number, chance: number): number =>
  nextSyncAt(NOW, failures, chance).getTime() - NOW.getTime();

it('is a minute at most, and doubles with each failure up to ten minutes', () => {
  expect([0, 1, 2, 3, 4, 1_000].map((failures) => distance(failures, 0))).toEqual([
    60_000, 120_000, 240_000, 480_000, 600_000, 600_000,
  ]);
});

it('is nearer by chance, by a fifth at most', () => {
  fc.assert(
    fc.property(
      fc.nat(50),
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      (failures, chance) => {
        const full = distance(failures, 0);
        expect(distance(failures, chance)).toBeLessThanOrEqual(full);
        expect(distance(failures, chance)).toBeGreaterThanOrEqual(full * (1 - SYNC_PACE.jitter));
      },
    ),
  );
});
