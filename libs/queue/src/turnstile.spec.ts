import { Turnstile } from './turnstile.js';

it('lets so many pass at a time, in order, also after a failure', async () => {
  const turnstile = new Turnstile(3);
  let inside = 0;
  let most = 0;
  const began: number[] = [];
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) =>
      turnstile.pass(async () => {
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
