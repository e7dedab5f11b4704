import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import {
  checkRoutes,
  checkSettings,
  withoutStaff,
  type MerchantSettings,
  type SettingsProblem,
} from '#core/tenancy';
import {
  MerchantSettingsEntity,
  PaymentProviderEntity,
  StoreConnectionEntity,
  type MerchantEntity,
} from '#persistence';
import { CLOCK, type Clock } from '#platform';
import { AuditLog } from '../audit/audit-log.js';
import { InvalidFields } from '../refusal.js';
import { requireMatch } from '../versions.js';
import { Merchants, requireOpen } from './merchants.js';

/** A document that nobody has written yet is version 0. */
const NOTHING = { document: {} as MerchantSettings, version: 0 };

/** What a merchant has chosen for itself, in one document. */
@Injectable()
export class Settings {
  constructor(
    private readonly merchants: Merchants,
    private readonly audit: AuditLog,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  find(merchantId: string): Promise<{ document: MerchantSettings; version: number }> {
    return this.merchants.read(merchantId, (tx) => load(tx, merchantId));
  }

  /**
   * Stores what `change` makes of the present document.
   * @throws Refusal `invalid` for a rule that is broken, `not_found`, `conflict` for a closed merchant, `changed`.
   */
  store(
    merchantId: string,
    ifMatch: string,
    change: (present: MerchantSettings) => MerchantSettings,
  ): Promise<{ document: MerchantSettings; version: number }> {
    return this.merchants.within(merchantId, async (tx, merchant) => {
      requireOpen(merchant);
      const known = await load(tx, merchantId);
      requireMatch(ifMatch, known.version);
      // As JSON: what was left out is not there, and classes are plain objects.
      const document = JSON.parse(JSON.stringify(change(known.document))) as MerchantSettings;
      const problems = [
        ...checkSettings(document),
        ...(isSame(document.payments, known.document.payments)
          ? []
          : await routeProblems(tx, merchant, document)),
      ];
      if (problems.length > 0) throw new InvalidFields(problems);
      const version = known.version + 1;
      const row = { merchantId, document, version, updatedAt: this.clock.now() };
      await tx.save(MerchantSettingsEntity, tx.create(MerchantSettingsEntity, row));
      await this.audit.record(tx, {
        merchantId,
        action: 'settings.update',
        target: merchantId,
        // The log outlives the merchant.
        before: withoutStaff(known.document),
        after: withoutStaff(document),
      });
      return { document, version };
    });
  }
}

/** Only routes that change are checked: a change of another section does not fail for routes that were stored before. */
async function routeProblems(
  tx: EntityManager,
  { merchantId, country, currency }: MerchantEntity,
  { payments }: MerchantSettings,
): Promise<SettingsProblem[]> {
  const store = await tx.findOneBy(StoreConnectionEntity, { merchantId });
  const accounts = await tx.find(PaymentProviderEntity, {
    where: { merchantId },
    order: { createdAt: 'ASC', id: 'ASC' },
  });
  const connected = accounts.map(({ account }) => account);
  return checkRoutes(payments?.routes ?? [], connected, { country: store?.region ?? country, currency });
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
}

async function load(tx: EntityManager, merchantId: string): Promise<typeof NOTHING> {
  return (await tx.findOneBy(MerchantSettingsEntity, { merchantId })) ?? NOTHING;
}
