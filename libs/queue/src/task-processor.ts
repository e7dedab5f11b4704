import type { EntityManager } from 'typeorm';
import type { TaskQueue } from '#contracts';
import { isSettledBefore, type PendingItem, type Stream } from '#persistence';
import { Outbox, TaskContext, type Commit } from './context.js';
import { countCrash, CountNeeded, CRASHES, ItemFailure, recordFailure, takeBack } from './failures.js';
import { handle, reasonOf, report, type Again, type ProcessorDeps } from './handling.js';

/** Runs one task outside any transaction and stores its result once. */
export class TaskProcessor {
  constructor(
    private readonly deps: ProcessorDeps,
    private readonly queue: TaskQueue,
  ) {}

  /**
   * `counted`: a process may have crashed with this task. The run counts as a crash before it begins, until it is over.
   * @throws CountNeeded
   */
  async run(stream: Stream, counted: boolean): Promise<Again> {
    const { clock, journal, tenants } = this.deps;
    const now = clock.now();
    const counts = counted ? await countCrash(this.deps, stream, now, { crashes: CRASHES.task }) : [];
    try {
      const [item] = await journal.pending(tenants, stream, now, 1);
      if (!item) return undefined;
      if (!item.due) return { afterMs: item.dueAt.getTime() - now.getTime() };
      if (item.crashes > 0 && !counted) throw new CountNeeded();
      return await this.runItem(stream, item);
    } finally {
      await takeBack(this.deps, stream, counts);
    }
  }

  /** `begunWith`: see `TaskContext`. */
  async runItem(stream: Stream, item: PendingItem, begunWith?: object): Promise<Again> {
    const { clock, contracts, journal, tenants } = this.deps;
    const startedAt = performance.now();
    const late = new AbortController();
    let committed = false;
    const commit: TaskContext['commit'] = (work) => {
      committed = true;
      return this.settle(stream, item, null, work);
    };
    const lastAttempt = item.attempts + 1 >= (contracts.get(item.name)?.retry.attempts ?? 1);
    const { merchantId } = stream;
    const now = clock.now();
    const context = new TaskContext(merchantId, item, now, lastAttempt, late.signal, commit, begunWith);
    try {
      const outcome = await this.withinLimit(handle(this.deps, item, context), late);
      if (outcome.outcome === 'rejected') throw new ItemFailure(item, true, outcome.reason);
      if (outcome.outcome === 'deferred') {
        await tenants.transaction(stream.merchantId, async (tx) => journal.defer(tx, item.id, outcome.until));
      } else if (!committed) {
        await this.settle(stream, item, outcome.outcome === 'skipped' ? outcome.reason : null);
      }
      report(this.deps, stream, item, outcome.outcome, startedAt);
      if (outcome.outcome !== 'deferred') return undefined;
      return { afterMs: Math.max(0, outcome.until.getTime() - clock.now().getTime()) };
    } catch (error) {
      const failure =
        error instanceof ItemFailure
          ? error
          : new ItemFailure(item, false, reasonOf(error), { cause: error });
      return recordFailure(this.deps, stream, failure, clock.now());
    }
  }

  /** Settles the item together with `work`. False when another run had settled it: nothing of `work` is then stored. */
  private async settle(
    { merchantId }: Stream,
    item: PendingItem,
    skippedFor: string | null,
    work?: (c: Commit) => Promise<void>,
  ): Promise<boolean> {
    const { clock, journal, tenants, waker } = this.deps;
    const outbox = new Outbox(merchantId, clock.now());
    const outcome = skippedFor === null ? 'done' : 'skipped';
    const store = async (tx: EntityManager): Promise<void> => {
      journal.settle(tx, [{ id: item.id, outcome, reason: skippedFor }], clock.now());
      await work?.({ tx, emit: outbox.emit.bind(outbox) });
      outbox.store(tx, journal, clock.now());
    };
    try {
      await tenants.transaction(merchantId, store);
    } catch (error) {
      if (isSettledBefore(error)) return false;
      throw error;
    }
    await outbox.release(waker);
    return true;
  }

  /**
   * What a run waits for may never come: after its time it has failed, and its place is free. Should it end after all,
   * what it commits counts, unless another run was first.
   */
  private async withinLimit<T>(work: Promise<T>, late: AbortController): Promise<T> {
    const { limitSeconds } = this.queue;
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        late.abort();
        reject(new Error(`not done within ${limitSeconds} seconds`));
      }, limitSeconds * 1_000);
    });
    work.catch(() => undefined); // nobody waits for it when it is late
    try {
      return await Promise.race([work, limit]);
    } finally {
      clearTimeout(timer);
    }
  }
}
