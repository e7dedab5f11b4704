import { Inject, Injectable } from '@nestjs/common';
import { IsNull, type EntityManager } from 'typeorm';
import { receiveMessage } from '#contracts';
import { STATUS_TRANSITIONS, type MerchantStatus } from '#core/tenancy';
import { ordersSeen } from '#evidence';
import {
  ApiKeyEntity,
  ChannelAccountEntity,
  removeRows,
  type MerchantEntity,
  type NewItem,
} from '#persistence';
import { CLOCK, type Clock } from '#platform';
import { MerchantErasure } from '../privacy/merchant-erasure.js';
import { Refusal } from '../refusal.js';
import { Merchants } from './merchants.js';
import { ResumedAccounts } from './resumed-accounts.js';
import { Vault } from './vault.js';

/** Services remember a merchant for 5 s: what waits for its resumption is looked at after that. */
const REMEMBERED_MS = 6_000;
/** States of an order in which nothing more is owed to anyone. */
const ENDED = ['declined', 'cancelled', 'expired', 'delivered', 'refunded'];

/** Suspending, resuming and closing a merchant. */
@Injectable()
export class LifeCycle {
  constructor(
    private readonly merchants: Merchants,
    private readonly vault: Vault,
    private readonly erasure: MerchantErasure,
    private readonly resumed: ResumedAccounts,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** From then on what customers write is kept and not answered, and nothing is sent to them. */
  suspend(merchantId: string, reason: string): Promise<MerchantEntity> {
    return this.move(merchantId, 'suspended', (tx, row) =>
      this.merchants.store(tx, 'merchant.suspend', row, {
        status: 'suspended',
        suspendedAt: this.clock.now(),
        statusReason: reason,
      }),
    );
  }

  /** What waited goes on: customers' messages that are not too old by now, and what was to be sent. */
  async resume(merchantId: string): Promise<MerchantEntity> {
    const now = this.clock.now();
    const asked: NewItem[] = [];
    const merchant = await this.move(merchantId, 'active', async (tx, row) => {
      const dueAt = new Date(now.getTime() + REMEMBERED_MS);
      await tx.query(
        `UPDATE journal.items SET due_at = $2
         WHERE name = $1 AND settled_at IS NULL AND parked_at IS NULL AND due_at > $2`,
        [receiveMessage.name, dueAt],
      );
      const accounts = await tx.findBy(ChannelAccountEntity, { merchantId, enabled: true });
      asked.push(...(await this.resumed.ask(tx, accounts)));
      const change = { status: 'active', suspendedAt: null, resumedAt: now, statusReason: null } as const;
      return this.merchants.store(tx, 'merchant.resume', row, change);
    });
    await this.resumed.wake(asked);
    return merchant;
  }

  /**
   * Ends a merchant's time here, for good: its keys are revoked, its accounts switched off and free for others, and
   * its credentials wiped. What was written about its customers is erased after `eraseAfterDays`, and can be exported
   * until then.
   * @throws Refusal `conflict` while orders are open, unless `force`: nobody can refund them any more.
   */
  close(
    merchantId: string,
    given: { reason: string; force: boolean; eraseAfterDays: number },
  ): Promise<MerchantEntity> {
    return this.move(merchantId, 'closed', async (tx, row) => {
      const openOrders = await countOpenOrders(tx);
      if (openOrders > 0 && !given.force) {
        throw new Refusal(
          'conflict',
          'orders_open',
          `${openOrders} orders are not finished: wait for them, or say force, after which Waco cannot refund them`,
          { openOrders },
        );
      }
      const now = this.clock.now();
      const keys = await tx.update(ApiKeyEntity, { merchantId, revokedAt: IsNull() }, { revokedAt: now });
      await this.wipeCredentials(tx, merchantId, now);
      const eraseAfter = await this.erasure.plan(tx, merchantId, given.eraseAfterDays);
      return this.merchants.store(
        tx,
        'merchant.close',
        row,
        { status: 'closed', closedAt: now, statusReason: given.reason, eraseAfter },
        { openOrders, revokedKeys: keys.affected ?? 0, eraseAfter },
      );
    });
  }

  /** A channel account stays, as what its messages and templates hang on, without its credentials. */
  private async wipeCredentials(tx: EntityManager, merchantId: string, now: Date): Promise<void> {
    for (const { id } of await tx.findBy(ChannelAccountEntity, { merchantId })) {
      // The release before reads a token from every account.
      const accessToken = await this.vault.seal('channel_accounts', id, 'access_token', 'wiped');
      const wiped = { credentials: null, settings: {}, accessToken };
      await tx.update(ChannelAccountEntity, { id }, { enabled: false, releasedAt: now, ...wiped });
    }
    for (const table of ['store_connections', 'payment_providers', 'former_webhook_secrets', 'meta_apps']) {
      const theirs = `SELECT ctid FROM tenancy.${table} WHERE merchant_id = $1 FOR UPDATE`;
      await removeRows(tx, `tenancy.${table}`, theirs, [merchantId]);
    }
    await tx.query(`DELETE FROM tenancy.idempotency_keys WHERE merchant_id = $1`, [merchantId]);
  }

  private move(
    merchantId: string,
    status: MerchantStatus,
    change: (tx: EntityManager, row: MerchantEntity) => Promise<MerchantEntity>,
  ): Promise<MerchantEntity> {
    return this.merchants.within(merchantId, async (tx, row) => {
      if (row.status === status) return row;
      if (!STATUS_TRANSITIONS[row.status].includes(status)) {
        throw new Refusal('conflict', 'merchant_closed', 'a closed merchant stays closed: take it on anew');
      }
      return change(tx, row);
    });
  }
}

async function countOpenOrders(tx: EntityManager): Promise<number> {
  const [row] = (await tx.query(
    `SELECT count(*)::int AS open FROM ${ordersSeen.name} WHERE state <> ALL($1)`,
    [ENDED],
  )) as { open: number }[];
  return row!.open;
}
