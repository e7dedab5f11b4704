import { TooManyWaiting } from '#platform';
import { Memo } from './memo.js';

const options = { ttlMs: 50, most: 3, atOnce: 2 };

it('looks up once for all who ask within its time, and again after it', async () => {
  const memo = new Memo(options);
  let asked = 0;
  const ask = () => memo.get('a', () => Promise.resolve(++asked));
  expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1]);
  await new Promise((resume) => setTimeout(resume, 60));
  expect(await ask()).toBe(2);
});

it('remembers no failure', async () => {
  const memo = new Memo(options);
  await expect(memo.get('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(await memo.get('a', () => Promise.resolve('back'))).toBe('back');
});

it('forgets the oldest when it knows enough, and nothing else', async () => {
  const memo = new Memo({ ...options, ttlMs: 60_000 });
  const asked: string[] = [];
  const ask = (key: string) => memo.get(key, () => Promise.resolve(asked.push(key)));
  for (const key of ['a', 'b', 'c', 'd', 'b', 'c', 'd', 'a']) await ask(key);
  expect(asked).toEqual(['a', 'b', 'c', 'd', 'a']);
});

it('has so many look-ups under way, and lets so many wait', async () => {
  const memo = new Memo({ ...options, most: 100, mayWait: 3 });
  let [underWay, most] = [0, 0];
  const look = async () => {
    most = Math.max(most, ++underWay);
    await new Promise((resume) => setTimeout(resume, 5));
    underWay -= 1;
  };
  const results = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => memo.get(`key_${i}`, look)));
  expect(most).toBe(2);
  const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as Error] : []));
  expect(refused).toHaveLength(3);
  expect(refused.every((error) => error instanceof TooManyWaiting)).toBe(true);
});
