import { Inject, Injectable } from '@nestjs/common';
import { providerKindOf, type Caller } from '#core/tenancy';
import { PaymentProviderEntity } from '#persistence';
import { CLOCK, ENV, newId, type Clock } from '#platform';
import { paymentProviderOf, webhookPath } from '#vendors';
import { AuditLog } from '../audit/audit-log.js';
import { AdminEnv } from '../env.js';
import { Refusal } from '../refusal.js';
import { matchIfSaid } from '../versions.js';
import { divide, requirePublicUrls, shown } from './field-values.js';
import { FormerSecrets } from './former-secrets.js';
import { Merchants, requireOpen } from './merchants.js';
import { Vault } from './vault.js';

/** One for each legal entity, perhaps; a thousand would be a mistake. */
const MOST_ACCOUNTS = 20;

/** An account as it is given, beside the fields of its provider. */
export interface GivenPaymentAccount {
  /** How long a webhook secret that is replaced stays good. */
  overlapHours?: number;
}

/** A merchant's accounts at payment providers, by its own keys for them. */
@Injectable()
export class PaymentAccounts {
  constructor(
    private readonly merchants: Merchants,
    private readonly vault: Vault,
    private readonly former: FormerSecrets,
    private readonly audit: AuditLog,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(ENV) private readonly env: AdminEnv,
  ) {}

  /** All of them: they are few. */
  list(merchantId: string): Promise<PaymentProviderEntity[]> {
    return this.merchants.read(merchantId, (tx) =>
      tx.find(PaymentProviderEntity, { where: { merchantId }, order: { account: 'ASC' } }),
    );
  }

  /** @throws Refusal `not_found`, `conflict` when `open` and the merchant is closed. */
  async find(
    merchantId: string,
    account: string,
    must: { open?: true } = {},
  ): Promise<PaymentProviderEntity> {
    const row = await this.merchants.read(merchantId, (tx, merchant) => {
      if (must.open) requireOpen(merchant);
      return tx.findOneBy(PaymentProviderEntity, { merchantId, account });
    });
    if (!row) throw new Refusal('not_found', 'not_connected', 'this merchant has no such payment account');
    return row;
  }

  /** @throws Refusal `not_found`, `conflict` for a closed merchant, `changed`, `impossible` with too many accounts. */
  put(
    merchantId: string,
    account: string,
    given: GivenPaymentAccount,
    caller: Caller,
    ifMatch?: string,
  ): Promise<PaymentProviderEntity> {
    const kind = providerKindOf(account);
    const vendor = paymentProviderOf(kind);
    const { webhooks } = vendor;
    const parts = divide(vendor, given);
    requirePublicUrls(vendor.fields, parts.settings, caller, this.env);
    return this.merchants.within(merchantId, async (tx, merchant) => {
      requireOpen(merchant);
      const known = await tx.findOneBy(PaymentProviderEntity, { merchantId, account });
      matchIfSaid(ifMatch, known);
      const id = known?.id ?? newId('pay');
      if (known) {
        const { [webhooks.secret]: secret } = await this.vault.openFields('payment_providers', known);
        const successor = parts.credentials[webhooks.secret]!;
        if (secret) await this.former.replace(tx, merchantId, id, secret, successor, given.overlapHours);
      } else if ((await tx.countBy(PaymentProviderEntity, { merchantId })) >= MOST_ACCOUNTS) {
        throw new Refusal(
          'impossible',
          'too_many_accounts',
          `a merchant has ${MOST_ACCOUNTS} payment accounts at most`,
        );
      }
      const row = tx.create(PaymentProviderEntity, {
        id,
        merchantId,
        kind,
        account,
        ...(await this.vault.sealFields('payment_providers', id, parts)),
        verifiedAt: null,
        createdAt: known?.createdAt ?? this.clock.now(),
      });
      await tx.save(PaymentProviderEntity, row);
      await this.audit.record(tx, {
        merchantId,
        action: known ? 'payment_provider.update' : 'payment_provider.connect',
        target: id,
        before: known ? this.view(known) : undefined,
        // Secrets are given anew with each call.
        after: this.view(row),
      });
      return row;
    });
  }

  /** A live call with the stored key went well. */
  async noteVerified(merchantId: string, id: string, verifiedAt: Date): Promise<void> {
    await this.merchants.within(merchantId, (tx) => tx.update(PaymentProviderEntity, { id }, { verifiedAt }));
  }

  private view(row: PaymentProviderEntity) {
    return showPaymentAccount(row, this.env.PUBLIC_GATEWAY_URL);
  }
}

/** What of it answers and the audit log show. `gateway`: the public URL that webhooks come to. */
export function showPaymentAccount(row: PaymentProviderEntity, gateway: string) {
  const { id, account, kind, settings, verifiedAt } = row;
  const { fields } = paymentProviderOf(kind);
  return {
    id,
    account,
    kind,
    ...shown(fields, settings),
    webhookUrl: paymentWebhookUrl(row, gateway),
    verifiedAt: verifiedAt?.toISOString() ?? null,
  };
}

export function paymentWebhookUrl(
  { merchantId, kind, account }: PaymentProviderEntity,
  gateway: string,
): string {
  const places = { merchant: merchantId, ...(account === kind ? {} : { account }) };
  return `${gateway}${webhookPath(paymentProviderOf(kind).webhooks.routes, places)}`;
}
