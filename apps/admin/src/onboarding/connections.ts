import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { syncStore, type SyncStorePayload } from '#contracts';
import type { Caller } from '#core/tenancy';
import { Journal, PaymentProviderEntity, StoreConnectionEntity } from '#persistence';
import { CLOCK, ENV, judgeUrl, newId, urlPolicyFromEnv, type Clock } from '#platform';
import { toItem, wakeOf, Waker } from '#queue';
import { AuditLog } from '../audit/audit-log.js';
import { AdminEnv } from '../env.js';
import { StoreView, StripeView, type PutStore, type PutStripe } from '../http/connections.dto.js';
import { fieldProblem } from '../http/problem.js';
import { FormerSecrets } from './former-secrets.js';
import { Merchants, requireOpen } from './merchants.js';
import { Vault } from './vault.js';

/** Services remember a merchant's configuration for 5 s: a sync that reads a changed one starts after that. */
const REMEMBERED_MS = 6_000;

/** What a merchant sells with: store and payment provider. One of each; putting it replaces it. */
@Injectable()
export class Connections {
  constructor(
    private readonly merchants: Merchants,
    private readonly vault: Vault,
    private readonly former: FormerSecrets,
    private readonly journal: Journal,
    private readonly waker: Waker,
    private readonly audit: AuditLog,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(ENV) private readonly env: AdminEnv,
  ) {}

  find<T>(merchantId: string, read: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.merchants.read(merchantId, read);
  }

  /** Stores the connection and, with it, asks for a full sync. */
  async putStore(merchantId: string, given: PutStore, caller: Caller): Promise<StoreConnectionEntity> {
    // In development and tests a shop may be on this machine, if an operator says so.
    const allowPrivate = caller.kind === 'operator' && urlPolicyFromEnv(this.env).allowPrivate;
    const verdict = judgeUrl(given.baseUrl, { allowPrivate });
    if (verdict.outcome === 'refused') {
      throw fieldProblem([{ field: 'baseUrl', rule: 'isPublicHttpsUrl', detail: `baseUrl ${verdict.rule}` }]);
    }
    const now = this.clock.now();
    const { row, sync } = await this.merchants.within(merchantId, async (tx, merchant) => {
      requireOpen(merchant);
      const known = await tx.findOneBy(StoreConnectionEntity, { merchantId });
      const id = known?.id ?? newId('sto');
      if (known) await this.keepFormer(tx, 'store_connections', known, given);
      const row = tx.create(StoreConnectionEntity, {
        id,
        merchantId,
        kind: 'rest',
        baseUrl: given.baseUrl.replace(/\/+$/, ''),
        region: given.region,
        apiKey: await this.vault.seal('store_connections', id, 'api_key', given.apiKey),
        webhookSecret: await this.vault.seal('store_connections', id, 'webhook_secret', given.webhookSecret),
        maxAgeSeconds: given.maxAgeSeconds ?? 900,
        verifiedAt: null,
        createdAt: known?.createdAt ?? now,
      });
      await tx.save(StoreConnectionEntity, row);
      const dueAt = known ? new Date(now.getTime() + REMEMBERED_MS) : undefined;
      const payload: SyncStorePayload = { mode: 'full', runId: newId('run') };
      const sync = toItem(syncStore, payload, merchantId, now, { dueAt });
      await this.journal.append([sync], now, tx);
      await this.record(tx, 'store', merchantId, known && this.storeView(known), this.storeView(row));
      return { row, sync };
    });
    await this.waker.wake([wakeOf(sync, now)]);
    return row;
  }

  putStripe(merchantId: string, given: PutStripe): Promise<PaymentProviderEntity> {
    return this.merchants.within(merchantId, async (tx, merchant) => {
      requireOpen(merchant);
      const known = await tx.findOneBy(PaymentProviderEntity, { merchantId, kind: 'stripe' });
      const id = known?.id ?? newId('pay');
      if (known) await this.keepFormer(tx, 'payment_providers', known, given);
      const row = tx.create(PaymentProviderEntity, {
        id,
        merchantId,
        kind: 'stripe',
        secretKey: await this.vault.seal('payment_providers', id, 'secret_key', given.secretKey),
        webhookSecret: await this.vault.seal('payment_providers', id, 'webhook_secret', given.webhookSecret),
        verifiedAt: null,
        createdAt: known?.createdAt ?? this.clock.now(),
      });
      await tx.save(PaymentProviderEntity, row);
      await this.record(
        tx,
        'payment_provider',
        merchantId,
        known && this.stripeView(known),
        this.stripeView(row),
      );
      return row;
    });
  }

  private readonly storeView = (row: StoreConnectionEntity) => StoreView.of(row, this.env.PUBLIC_GATEWAY_URL);
  private readonly stripeView = (row: PaymentProviderEntity) =>
    StripeView.of(row, this.env.PUBLIC_GATEWAY_URL);

  private record(
    tx: EntityManager,
    thing: string,
    merchantId: string,
    before: { id: string } | null,
    after: { id: string },
  ): Promise<void> {
    return this.audit.record(tx, {
      merchantId,
      action: before ? `${thing}.update` : `${thing}.connect`,
      target: after.id,
      before: before ?? undefined,
      // Secrets are given anew with each call.
      after,
    });
  }

  /** What the vendor signs until it has the new secret is still taken. */
  private keepFormer(
    tx: EntityManager,
    table: 'store_connections' | 'payment_providers',
    known: { id: string; merchantId: string; webhookSecret: string },
    given: { webhookSecret: string; overlapHours?: number },
  ): Promise<void> {
    const old = { table, id: known.id, column: 'webhook_secret', sealed: known.webhookSecret };
    return this.former.replace(tx, known.merchantId, old, given.webhookSecret, given.overlapHours);
  }
}
