import { TooManyWaiting, Semaphore, Semaphores } from './semaphore.js';

it('lets so many pass at a time, in order, also after a failure', async () => {
  const semaphore = new Semaphore(3);
  let inside = 0;
  let most = 0;
  const began: number[] = [];
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) =>
      semaphore.pass(async () => {
        began.push(i);
        most = Math.max(most, ++inside);
        await new Promise((resume) => setTimeout(resume, i % 4));
        inside--;
        if (i % 5 === 0) throw new Error('on purpose');
        return i;
      }),
    ),
  );
  expect(most).toBe(3);
  expect(began).toEqual(Array.from({ length: 20 }, (_, i) => i));
  expect(results.filter((result) => result.status === 'rejected')).toHaveLength(4);
});

it('sends away whoever comes when enough wait', async () => {
  const semaphore = new Semaphore(1, 2);
  const passed: number[] = [];
  const work = (n: number) => async () => {
    await new Promise((resume) => setTimeout(resume, 5));
    passed.push(n);
  };
  const all = [1, 2, 3, 4, 5].map((n) => semaphore.pass(work(n)));
  const results = await Promise.allSettled(all);
  expect(passed).toEqual([1, 2, 3]);
  const refused = results
    .filter((result) => result.status === 'rejected')
    .map((result) => result.reason as Error);
  expect(refused).toHaveLength(2);
  expect(refused.every((error) => error instanceof TooManyWaiting)).toBe(true);
  await semaphore.pass(work(6));
  expect(passed).toContain(6);
});

it('has one for each name, and forgets those that nobody is at', async () => {
  const semaphores = new Semaphores(2, 10);
  const inside = new Map<string, number>();
  let most = 0;
  const visit = (name: string) =>
    semaphores.pass(name, async () => {
      inside.set(name, (inside.get(name) ?? 0) + 1);
      expect(inside.get(name)).toBeLessThanOrEqual(2);
      most = Math.max(
        most,
        [...inside.values()].reduce((a, b) => a + b),
      );
      await new Promise((resume) => setTimeout(resume, 2));
      inside.set(name, inside.get(name)! - 1);
    });
  await Promise.all(Array.from({ length: 36 }, (_, i) => visit(`name_${i % 3}`)));
  expect(most).toBe(6);
  const refused = await Promise.allSettled(Array.from({ length: 20 }, () => visit('one')));
  expect(refused.filter(({ status }) => status === 'rejected')).toHaveLength(8);
  await new Promise((resume) => setImmediate(resume));
  expect((semaphores as unknown as { inUse: Map<string, unknown> }).inUse.size).toBe(0);
});

it('lets the places of a name that others wait for rest, and makes nobody else wait', async () => {
  const semaphores = new Semaphores(1, undefined, 5);
  const began = performance.now();
  const left: { name: string; ms: number }[] = [];
  const visit = (name: 'busy' | 'calm') =>
    semaphores
      .pass(name, () => new Promise((resume) => setTimeout(resume, 20)))
      .then(() => left.push({ name, ms: performance.now() - began }));
  await Promise.all([visit('busy'), visit('busy'), visit('busy'), visit('calm')]);
  expect(left.map(({ name }) => name)).toEqual(['busy', 'calm', 'busy', 'busy']);
  expect(left[2]!.ms).toBeGreaterThan(120);
  expect(left[3]!.ms).toBeGreaterThan(240);
});
