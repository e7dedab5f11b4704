import fc from 'fast-check';
import { Budgets } from './budgets.js';

const allowance = { itemsPerMinute: 600, bytesPerMinute: 600_000, atOnce: 3 };
const done = (): Promise<void> => Promise.resolve();

function clocked(): { budgets: Budgets; pass: (seconds: number) => void } {
  let now = 0;
  return { budgets: new Budgets(allowance, () => now), pass: (seconds) => (now += seconds * 1_000) };
}

it('takes a burst, then so many a minute, and says when', async () => {
  const { budgets, pass } = clocked();
  for (let i = 0; i < 50; i++) await budgets.count('mer_a', 1, 10, done);
  expect(budgets.waitSeconds('mer_a')).toBe(0);
  await budgets.count('mer_a', 20, 10, done);
  expect(budgets.waitSeconds('mer_a')).toBe(2);
  pass(2);
  expect(budgets.waitSeconds('mer_a')).toBe(0);
});

it('counts bytes as well as items', async () => {
  const { budgets } = clocked();
  await budgets.count('mer_a', 1, 60_000, done);
  expect(budgets.waitSeconds('mer_a')).toBe(1);
});

it('is for each merchant alone', async () => {
  const { budgets } = clocked();
  await budgets.count('mer_a', 100_000, 10, done);
  expect(budgets.waitSeconds('mer_a')).toBeGreaterThan(60);
  expect(budgets.waitSeconds('mer_b')).toBe(0);
});

it('lets so many be under way, whatever becomes of them', async () => {
  const { budgets } = clocked();
  const ends: ((failed: boolean) => void)[] = [];
  const work = () =>
    new Promise<void>((resolve, reject) => ends.push((f) => (f ? reject(new Error('no')) : resolve())));
  const all = [1, 2, 3].map(() => budgets.count('mer_a', 1, 1, work).catch(() => undefined));
  expect(budgets.waitSeconds('mer_a')).toBe(1);
  ends[0]!(true);
  await all[0];
  expect(budgets.waitSeconds('mer_a')).toBe(0);
  for (const end of ends) end(false);
  await Promise.all(all);
});

it('never takes more in the long run than is allowed, however it comes', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          items: fc.integer({ min: 1, max: 50 }),
          wait: fc.double({ min: 0, max: 3, noNaN: true }),
        }),
        { maxLength: 300 },
      ),
      (calls) => {
        const { budgets, pass } = clocked();
        let [taken, seconds] = [0, 0];
        for (const { items, wait } of calls) {
          pass(wait);
          seconds += wait;
          if (budgets.waitSeconds('mer_a') > 0) continue;
          void budgets.count('mer_a', items, 0, done);
          taken += items;
          // What is under way ends with the next turn of the loop: not what this is about.
          (budgets as unknown as { accounts: Map<string, { inside: number }> }).accounts.get(
            'mer_a',
          )!.inside = 0;
        }
        // A burst of 20 seconds, one webhook beyond it, and 10 items a second.
        expect(taken).toBeLessThanOrEqual(200 + 50 + 10 * seconds + 1);
      },
    ),
  );
});
