import { Inject, Injectable } from '@nestjs/common';
import { QUEUES } from '#contracts';
import { GroupCommit, Journal, type GivenUp, type NewItem } from '#persistence';
import { CLOCK, type Clock } from '#platform';
import { Waker, wakeOf } from '#queue';
import type { Arrival } from './items.js';
import * as metrics from './metrics.js';

/** A webhook waits so long for others that it can be stored with, in milliseconds. */
const GATHER_MS = 20;

/** Queues whose items are applied together: a webhook that is for these alone may wait. */
const GATHERING = new Set<string>(
  Object.values(QUEUES)
    .filter(({ kind }) => kind === 'bulk')
    .map(({ name }) => name),
);

/** Items of one webhook that are written together: the rest of a large one lets others go first. */
const AT_ONCE = 200;

/** Journals what webhooks say; when `take` resolves it is durable, and may be acknowledged. */
@Injectable()
export class Intake {
  private readonly commits: GroupCommit<NewItem>;

  constructor(
    private readonly journal: Journal,
    private readonly waker: Waker,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.commits = new GroupCommit((items) => this.write(items));
  }

  /** @throws when the journal could not be written: nothing may be acknowledged then. */
  async take(source: string, arrivals: readonly Arrival[], signal?: GivenUp): Promise<void> {
    const gatherMs = arrivals.every(({ item }) => GATHERING.has(item.queue)) ? GATHER_MS : 0;
    for (let from = 0; from < arrivals.length || from === 0; from += AT_ONCE) {
      const some = arrivals.slice(from, from + AT_ONCE).map((a) => a.item);
      await this.commits.store(some, signal, gatherMs);
    }
    for (const { kind, item } of arrivals) {
      metrics.itemsTaken.inc({ source, kind });
      if (item.settled?.outcome === 'quarantined') {
        metrics.quarantined.inc({ source, reason: item.settled.reason });
      }
    }
  }

  private async write(items: readonly NewItem[]): Promise<void> {
    const now = this.clock.now();
    const stored = await this.journal.append(items, now);
    metrics.batchItems.observe(items.length);
    metrics.duplicates.inc(items.length - stored);
    if (stored === 0) return; // who stored them woke their streams, and the sweep sees to the rest
    const wakes = items.filter((item) => !item.settled).map((item) => wakeOf(item, now));
    void this.waker.wake(wakes); // never throws; a lost wake-up is found by the sweep
  }
}
