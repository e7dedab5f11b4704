/** The services that own a stretch of the journal; the suffix of each one's Postgres role. */
export type JobOwner = 'conversation' | 'catalog' | 'checkout' | 'outbound' | 'admin';

/**
 * A queue is one noun per (rate, concurrency, owner).
 * `ordered`: items of one stream are applied one after the other, each in one transaction.
 * `bulk`: items commute. Those that a merchant has are applied together, in whatever order.
 * `task`: slow work outside any transaction (an HTTP call); different tasks run side by side.
 */
export type QueueDefinition = OrderedQueue | BulkQueue | TaskQueue;

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

export interface BulkQueue extends AnyQueue {
  kind: 'bulk';
  /** What comes within so many milliseconds is applied together: nobody waits for it. */
  gatherMs: number;
}

export interface TaskQueue extends AnyQueue {
  kind: 'task';
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
  /**
   * Fields of the payload that hold a person: stored in both forms, read in either (`person-before.ts`). `members[].person` is
   * the person of each in a list.
   */
  people?: readonly string[];
  /** Two items of one merchant with the same key are the same item: the second is not stored. */
  idempotencyKey(payload: NoInfer<P>): string;
  /** The aggregate whose order matters; of a bulk queue, what the item is about. Tasks need none. */
  stream?(payload: NoInfer<P>): string;
  /**
   * Goes before what waits in its stream, and its stream before others of a crowd: it frees what waits there.
   */
  expedited?: boolean;
  retry: RetryPolicy;
}

/** Declares a job. @throws Error when the name breaks `<context>.<verb>-<noun>.v<n>` or a job that is no task names no stream. */
export function defineJob<P extends object>(contract: JobContract<P>): JobContract<P> {
  if (!/^[a-z]+\.[a-z]+(-[a-z]+)+\.v\d+$/.test(contract.name)) {
    throw new Error(`job name ${contract.name} is not <context>.<verb>-<noun>.v<n>`);
  }
  if (contract.queue.kind !== 'task' && !contract.stream) {
    throw new Error(`job ${contract.name} is no task and must name its stream`);
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

/**
 * What a bulk handler says of each of the items it was given. `alone`: it does not commute, and is given to the handler
 * once more, in a transaction of its own.
 */
export type BulkOutcome = Exclude<JobOutcome, { outcome: 'deferred' }> | { outcome: 'alone' };

export const alone: BulkOutcome = { outcome: 'alone' };
export const done = { outcome: 'done' } as const satisfies JobOutcome;
export const skipped = (reason: string) => ({ outcome: 'skipped', reason }) as const satisfies JobOutcome;
export const deferred = (until: Date): JobOutcome => ({ outcome: 'deferred', until });
export const rejected = (reason: string) => ({ outcome: 'rejected', reason }) as const satisfies JobOutcome;
