import type { RequestCounts } from '../auth/request-counts.js';

const MOST_REMEMBERED = 10_000;

type Answer = (error: Error | null, result?: { current: number; ttl: number }) => void;

/**
 * Where `@fastify/rate-limit` counts: in the database, for all replicas, and in this process. What is too much here
 * already is refused without asking the database, so that a flood does not reach it; and while the database does not
 * answer, each process counts for itself.
 */
export function limitStore(counts: Pick<RequestCounts, 'hit'>) {
  return class LimitStore {
    private readonly here = new Map<string, { startedAt: number; hits: number }>();

    incr(key: string, answer: Answer, windowMs: number, max: number): void {
      const own = this.count(key, windowMs);
      if (own.current > max) return answer(null, own);
      counts.hit(key, windowMs).then(
        ({ hits, openMs }) => answer(null, { current: hits, ttl: Math.max(0, windowMs - openMs) }),
        () => answer(null, own),
      );
    }

    child(): LimitStore {
      return new LimitStore();
    }

    private count(key: string, windowMs: number): { current: number; ttl: number } {
      const now = performance.now();
      const known = this.here.get(key);
      const open = known && now - known.startedAt < windowMs ? known : { startedAt: now, hits: 0 };
      open.hits += 1;
      if (this.here.size >= MOST_REMEMBERED && !this.here.has(key)) this.here.clear();
      this.here.set(key, open);
      return { current: open.hits, ttl: windowMs - (now - open.startedAt) };
    }
  };
}
