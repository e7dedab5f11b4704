import fc from 'fast-check';
import { joinLimits, type RecipientLimits } from './merge.js';
import { pairLevel, takePair } from './pair.js';
import { SAMPLE_RULES } from './testing/rules.js';

const NOW = new Date('2026-11-27T10:00:00Z');
const ago = (ms: number): Date => new Date(NOW.getTime() - ms);

const limits: fc.Arbitrary<RecipientLimits> = fc.record({
  lastInboundAt: fc.option(fc.integer({ min: 0, max: 5 }).map((h) => ago(h * 3_600_000))),
  windowRefused: fc.boolean(),
  pair: fc.record({
    level: fc.integer({ min: -10, max: 0 }),
    at: fc.integer({ min: 0, max: 40_000 }).map(ago),
  }),
  pairRefusals: fc.nat(5),
  pairHoldUntil: fc.option(fc.integer({ min: -60_000, max: 60_000 }).map(ago)),
});

describe.each(Object.entries(SAMPLE_RULES))('limits of %s', (_name, { pair }) => {
  it('joins in either direction to the same limits', () => {
    fc.assert(
      fc.property(limits, limits, (a, b) =>
        expect(joinLimits(pair, a, b, NOW)).toEqual(joinLimits(pair, b, a, NOW)),
      ),
    );
  });

  it('lets nothing out that either pair would have held back, and keeps the later window', () => {
    fc.assert(
      fc.property(limits, limits, (a, b) => {
        const joined = joinLimits(pair, a, b, NOW);
        for (const one of [a, b]) {
          expect(pairLevel(pair, joined.pair, NOW)).toBeLessThanOrEqual(pairLevel(pair, one.pair, NOW));
          if (takePair(pair, one.pair, NOW).outcome === 'spent') {
            expect(takePair(pair, joined.pair, NOW).outcome).toBe('spent');
          }
          expect(joined.pairRefusals).toBeGreaterThanOrEqual(one.pairRefusals);
          expect(Number(joined.pairHoldUntil)).toBeGreaterThanOrEqual(Number(one.pairHoldUntil));
          expect(Number(joined.lastInboundAt)).toBeGreaterThanOrEqual(Number(one.lastInboundAt));
          // The window that counts is closed if the channel said so.
          if (Number(one.lastInboundAt) === Number(joined.lastInboundAt) && one.windowRefused) {
            expect(joined.windowRefused).toBe(true);
          }
        }
      }),
    );
  });

  it('a refusal of before the person wrote to the other contact says nothing of the window that this opened', () => {
    const refused = {
      lastInboundAt: ago(3_600_000),
      windowRefused: true,
      pair: { level: 0, at: NOW },
      pairRefusals: 0,
      pairHoldUntil: null,
    };
    const wroteSince = { ...refused, lastInboundAt: ago(1_000), windowRefused: false };
    expect(joinLimits(pair, refused, wroteSince, NOW)).toMatchObject({
      lastInboundAt: ago(1_000),
      windowRefused: false,
    });
  });
});
