import { Inject, Injectable } from '@nestjs/common';
import { Journal, type NewItem } from '#persistence';
import { CLOCK, type Clock } from '#platform';
import { Waker, wakeOf } from '#queue';
import { GroupCommit, type GivenUp } from './group-commit.js';
import type { Arrival, Source } from './items.js';
import * as metrics from './metrics.js';

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
  async take(source: Source, arrivals: readonly Arrival[], signal?: GivenUp): Promise<void> {
    await this.commits.store(
      arrivals.map((a) => a.item),
      signal,
    );
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
