/** The services that own a stretch of the journal; the suffix of each one's Postgres role. */
export type JobOwner = 'conversation' | 'catalog' | 'checkout' | 'outbound' | 'admin';

/**
 * A queue is one noun per (rate, concurrency, owner).
 * `ordered`: items of one stream are applied one after the other, each in one transaction.
 * `task`: slow work outside any transaction (an HTTP call); different tasks run side by side.
 */
export type QueueDefinition = OrderedQueue | TaskQueue;

interface AnyQueue {
  name: string;
  owner: JobOwner;
  /** Jobs that one process works on at a time. */
  concurrency: number;
  /**
   * Of those, while others are there, so many of merchants that have more to do than their share: their jobs wait in a
   * lane of their own. Few are enough to keep the processors busy.
   */
  crowd: number;
}

export interface OrderedQueue extends AnyQueue {
  kind: 'ordered';
}

export interface TaskQueue extends AnyQueue {
  kind: 'task';
  /**
   * Nothing outside the database comes of it, so that what a crash of the database forgets may be done again. Its commit
   * does not wait for the disk; those of ordered work, which is always of that kind, never do.
   */
  inside?: boolean;
  /** A run that takes longer has failed, in seconds: whatever it waits for, its place is needed. */
  limitSeconds: number;
  /**
   * Places that one merchant may hold all the time, on average, before it has more than its share. A merchant with slow
   * partners waits behind others, and not others behind it.
   */
  share: number;
}

export interface RetryPolicy {
  /** Runs in all before the item becomes a dead letter. */
  attempts: number;
  backoff: 'exponential' | 'fixed';
  /** Delay before the second run, in milliseconds; exponential backoff doubles it, up to five minutes. */
  delayMs: number;
}

/** One kind of work: who does it, what it carries, what makes two of them the same, what must stay in order. */
export interface JobContract<P extends object = object> {
  /** `<context>.<verb>-<noun>.v<n>` */
  name: string;
  queue: QueueDefinition;
  payload: new () => P;
  /** Two items of one merchant with the same key are the same item: the second is not stored. */
  idempotencyKey(payload: NoInfer<P>): string;
  /** The aggregate whose order matters. Tasks need none. */
  stream?(payload: NoInfer<P>): string;
  /**
   * Goes before what waits in its stream, and its stream before others of a crowd: the answer that a blocked line waits
   * for.
   */
  expedited?: boolean;
  retry: RetryPolicy;
}

/** Declares a job. @throws Error when the name breaks `<context>.<verb>-<noun>.v<n>` or an ordered job names no stream. */
export function defineJob<P extends object>(contract: JobContract<P>): JobContract<P> {
  if (!/^[a-z]+\.[a-z]+(-[a-z]+)+\.v\d+$/.test(contract.name)) {
    throw new Error(`job name ${contract.name} is not <context>.<verb>-<noun>.v<n>`);
  }
  if (contract.queue.kind === 'ordered' && !contract.stream) {
    throw new Error(`job ${contract.name} is ordered and must name its stream`);
  }
  return contract;
}

/** What a handler says of the item it was given. Throwing means a bug or a transient fault, and is retried. */
export type JobOutcome =
  | { outcome: 'done' }
  | { outcome: 'skipped'; reason: string }
  /** Try again at `until`; uses no attempt. An ordered item that is deferred holds up its own stream only. */
  | { outcome: 'deferred'; until: Date }
  /** Straight to the dead letters. */
  | { outcome: 'rejected'; reason: string };

export const done: JobOutcome = { outcome: 'done' };
export const skipped = (reason: string): JobOutcome => ({ outcome: 'skipped', reason });
export const deferred = (until: Date): JobOutcome => ({ outcome: 'deferred', until });
export const rejected = (reason: string): JobOutcome => ({ outcome: 'rejected', reason });
