import fc from 'fast-check';
import { DELIVERY_STATES, forward, type DeliveryState } from './index.js';

const run = (reports: readonly DeliveryState[]): DeliveryState | null =>
  reports.reduce<DeliveryState | null>((state, report) => forward(state, report), null);

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}

describe('message statuses', () => {
  it('end in the same state in every order', () => {
    const all = permutations(DELIVERY_STATES);
    expect(all).toHaveLength(5_040);
    for (const order of all) expect(run(order)).toBe('failed');
    const arrived = DELIVERY_STATES.filter((s) => s !== 'failed' && s !== 'played');
    for (const order of permutations(arrived)) expect(run(order)).toBe('read');
  });

  it('never go back, however often and late they are repeated', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...DELIVERY_STATES), { minLength: 1 }), (reports) => {
        let state: DeliveryState | null = null;
        for (const report of reports) {
          const next: DeliveryState = forward(state, report);
          if (state)
            expect(DELIVERY_STATES.indexOf(next)).toBeGreaterThanOrEqual(DELIVERY_STATES.indexOf(state));
          state = next;
        }
        expect(state).toBe(run(reports.toReversed()));
      }),
    );
  });

  it('keep a failure against a late "delivered"', () => {
    expect(run(['accepted', 'failed', 'delivered', 'read'])).toBe('failed');
  });
});
