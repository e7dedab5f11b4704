import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import {
  checkoutErasePerson,
  conversationErasePerson,
  journalErasePerson,
  outboundErasePerson,
} from '#contracts';
import { seedOf, type ErasureReport, type PersonAlias } from '#core/tenancy';
import { itemsSeen } from '#evidence';
import { Journal } from '#persistence';
import { CLOCK, newId, type Clock } from '#platform';
import { toItem } from '#queue';
import { AuditLog } from '../audit/audit-log.js';
import { Merchants } from '../onboarding/merchants.js';
import { Refusal } from '../refusal.js';

export const PART_STATES = ['waiting', 'done', 'failed'] as const;
export type PartState = (typeof PART_STATES)[number];

export interface Erasure {
  erasureId: string;
  requestedAt: Date;
  completedAt: Date | null;
  report: ErasureReport | null;
  parts: Record<string, PartState>;
}

/** The parts, in the order in which they are done. */
const PERSON_PARTS = {
  conversation: conversationErasePerson,
  checkout: checkoutErasePerson,
  outbound: outboundErasePerson,
  journal: journalErasePerson,
} as const;

/** Requests to forget a person, and how far they are. */
@Injectable()
export class Erasures {
  constructor(
    private readonly merchants: Merchants,
    private readonly journal: Journal,
    private readonly audit: AuditLog,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Asks for it in the caller's transaction; the first service takes it up within seconds. Whom it is about stands in
   * the request itself until it is done, and nowhere else.
   * @throws Refusal `not_found`, `conflict` for a merchant of whom nothing is left.
   */
  async request(
    tx: EntityManager,
    merchantId: string,
    aliasOf: (country: string) => PersonAlias,
  ): Promise<Erasure> {
    const merchant = await this.merchants.lock(tx, merchantId);
    if (merchant.erasedAt)
      throw new Refusal('conflict', 'merchant_erased', 'nothing is left of this merchant');
    const now = this.clock.now();
    const erasureId = newId('era');
    const subject = seedOf(aliasOf(merchant.country));
    await tx.query(
      `INSERT INTO tenancy.erasures (merchant_id, erasure_id, requested_at) VALUES ($1, $2, $3)`,
      [merchantId, erasureId, now],
    );
    const payload = { erasureId, requestedAt: now.toISOString(), subject, report: {} };
    await this.journal.append([toItem(conversationErasePerson, payload, merchantId, now)], now, tx);
    await this.audit.record(tx, { merchantId, action: 'person.erase', target: erasureId });
    const parts = {
      conversation: 'waiting',
      checkout: 'waiting',
      outbound: 'waiting',
      journal: 'waiting',
    } as const;
    return { erasureId, requestedAt: now, completedAt: null, report: null, parts };
  }

  /** @throws Refusal `not_found`. */
  find(merchantId: string, erasureId: string): Promise<Erasure> {
    return this.merchants.read(merchantId, async (tx) => {
      const [row] = (await tx.query(
        `SELECT erasure_id AS "erasureId", requested_at AS "requestedAt", completed_at AS "completedAt", report
         FROM tenancy.erasures WHERE merchant_id = $1 AND erasure_id = $2`,
        [merchantId, erasureId],
      )) as Omit<Erasure, 'parts'>[];
      if (!row) throw new Refusal('not_found', 'erasure_not_found', 'there is no such erasure');
      const parts = row.completedAt
        ? mapParts(PERSON_PARTS, () => 'done')
        : await partsOf(tx, merchantId, PERSON_PARTS, erasureId);
      return { ...row, parts };
    });
  }
}

/** How far each part is, by what the journal says of its item. */
export async function partsOf(
  tx: EntityManager,
  merchantId: string,
  parts: Readonly<Record<string, { name: string }>>,
  key: string,
): Promise<Record<string, PartState>> {
  const rows = (await tx.query(
    `SELECT name, settled_at IS NOT NULL AS settled, parked_at IS NOT NULL AS parked FROM ${itemsSeen.name}
     WHERE merchant_id = $1 AND source = 'job' AND external_id = ANY ($2)`,
    [merchantId, Object.values(parts).map((job) => `${job.name}/${key}`)],
  )) as { name: string; settled: boolean; parked: boolean }[];
  return mapParts(parts, (job) => {
    const row = rows.find((r) => r.name === job.name);
    return row?.settled ? 'done' : row?.parked ? 'failed' : 'waiting';
  });
}

function mapParts<T>(
  parts: Readonly<Record<string, T>>,
  stateOf: (job: T) => PartState,
): Record<string, PartState> {
  return Object.fromEntries(Object.entries(parts).map(([part, job]) => [part, stateOf(job)]));
}
