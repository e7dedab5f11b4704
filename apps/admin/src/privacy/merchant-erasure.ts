import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import {
  beginMerchantErasure,
  catalogEraseMerchant,
  checkoutEraseMerchant,
  conversationEraseMerchant,
  finishMerchantErasure,
  outboundEraseMerchant,
} from '#contracts';
import { itemsSeen } from '#evidence';
import { Journal, type MerchantEntity } from '#persistence';
import { CLOCK, newId, type Clock } from '#platform';
import { toItem } from '#queue';
import { AuditLog } from '../audit/audit-log.js';
import { Merchants } from '../onboarding/merchants.js';
import { Refusal } from '../refusal.js';
import { partsOf, type PartState } from './erasures.js';

const DAY_MS = 24 * 3_600_000;

const PARTS = {
  credentials: beginMerchantErasure,
  conversation: conversationEraseMerchant,
  checkout: checkoutEraseMerchant,
  outbound: outboundEraseMerchant,
  catalog: catalogEraseMerchant,
  journal: finishMerchantErasure,
} as const;

export interface MerchantErasureState {
  /** When it begins; null for a merchant that is not to be erased. */
  eraseAfter: Date | null;
  erasedAt: Date | null;
  parts: Record<string, PartState>;
}

/** Removing all that is left of a closed merchant: planned by the closing, or asked for. */
@Injectable()
export class MerchantErasure {
  constructor(
    private readonly merchants: Merchants,
    private readonly journal: Journal,
    private readonly audit: AuditLog,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** In the transaction that closes it. Returns when it will begin. */
  async plan(tx: EntityManager, merchantId: string, inDays: number): Promise<Date> {
    const eraseAfter = new Date(this.clock.now().getTime() + inDays * DAY_MS);
    await this.ask(tx, merchantId, 'planned', eraseAfter);
    return eraseAfter;
  }

  /** Begins now. @throws Refusal `not_found`, `conflict` for one that is not closed. */
  now(merchantId: string): Promise<MerchantErasureState> {
    return this.merchants.within(merchantId, async (tx, row) => {
      if (row.status !== 'closed') {
        throw new Refusal(
          'conflict',
          'merchant_not_closed',
          'close the merchant first: only then can it be erased',
        );
      }
      if (row.erasedAt) return this.stateOf(tx, row);
      const now = this.clock.now();
      const occasion = await this.ask(tx, merchantId, newId('era'), now);
      await tx.query(`UPDATE tenancy.merchants SET erase_after = $2 WHERE merchant_id = $1`, [
        merchantId,
        now,
      ]);
      await this.audit.record(tx, { merchantId, action: 'merchant.erase', target: merchantId });
      return this.stateOf(tx, { ...row, eraseAfter: now }, occasion);
    });
  }

  find(merchantId: string): Promise<MerchantErasureState> {
    return this.merchants.read(merchantId, (tx, row) => this.stateOf(tx, row));
  }

  private async ask(tx: EntityManager, merchantId: string, occasion: string, dueAt: Date): Promise<string> {
    const now = this.clock.now();
    const item = toItem(beginMerchantErasure, { occasion }, merchantId, now, { dueAt });
    await this.journal.append([item], now, tx);
    return occasion;
  }

  private async stateOf(
    tx: EntityManager,
    { merchantId, eraseAfter, erasedAt }: Pick<MerchantEntity, 'merchantId' | 'eraseAfter' | 'erasedAt'>,
    occasion?: string,
  ): Promise<MerchantErasureState> {
    if (erasedAt || !eraseAfter) return { eraseAfter, erasedAt, parts: {} };
    return {
      eraseAfter,
      erasedAt,
      parts: await partsOf(tx, merchantId, PARTS, occasion ?? (await latest(tx, merchantId))),
    };
  }
}

/** Of several requests the last one that was taken up, else the last one. */
async function latest(tx: EntityManager, merchantId: string): Promise<string> {
  const [row] = (await tx.query(
    `SELECT payload->>'occasion' AS occasion FROM ${itemsSeen.name} WHERE merchant_id = $1 AND name = $2
     ORDER BY (outcome = 'done') DESC NULLS LAST, id DESC LIMIT 1`,
    [merchantId, beginMerchantErasure.name],
  )) as { occasion: string }[];
  return row?.occasion ?? '';
}
