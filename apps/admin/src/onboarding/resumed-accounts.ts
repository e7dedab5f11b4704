import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { resumeAccount } from '#contracts';
import { Journal, type ChannelAccountEntity, type NewItem } from '#persistence';
import { CLOCK, newId, type Clock } from '#platform';
import { toItem, Waker, wakeOf } from '#queue';

/** Tells outbound of channel accounts that are switched on again: nobody looks at their lines while they are off. */
@Injectable()
export class ResumedAccounts {
  constructor(
    private readonly journal: Journal,
    private readonly waker: Waker,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** In the transaction that switches them on. What is returned is woken after it. */
  async ask(tx: EntityManager, accounts: readonly ChannelAccountEntity[]): Promise<NewItem[]> {
    const now = this.clock.now();
    const occasion = newId('run');
    const items = accounts.map(({ id, merchantId }) =>
      toItem(resumeAccount, { channelAccountId: id, occasion }, merchantId, now),
    );
    await this.journal.append(items, now, tx);
    return items;
  }

  async wake(items: readonly NewItem[]): Promise<void> {
    const now = this.clock.now();
    await this.waker.wake(items.map((item) => wakeOf(item, now)));
  }
}
