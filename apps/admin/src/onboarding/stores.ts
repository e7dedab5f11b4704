import { Inject, Injectable } from '@nestjs/common';
import { syncStore } from '#contracts';
import type { Caller } from '#core/tenancy';
import { Journal, StoreConnectionEntity } from '#persistence';
import { CLOCK, ENV, newId, type Clock } from '#platform';
import { toItem, wakeOf, Waker } from '#queue';
import { storeOf, STORES, webhookPath } from '#vendors';
import { AuditLog } from '../audit/audit-log.js';
import { AdminEnv } from '../env.js';
import { Refusal } from '../refusal.js';
import { matchIfSaid } from '../versions.js';
import { divide, requirePublicUrls, shown } from './field-values.js';
import { FormerSecrets } from './former-secrets.js';
import { Merchants, requireOpen } from './merchants.js';
import { Vault } from './vault.js';

/** Services remember a merchant's configuration for 5 s: a sync that reads a changed one starts after that. */
const REMEMBERED_MS = 6_000;

/** What a shop is that does not say. */
export const DEFAULT_STORE_KIND = STORES[0]!.kind;

/** A shop as it is given, beside the fields of its kind. */
export interface GivenStore {
  kind?: string;
  region: string;
  maxAgeSeconds?: number;
  /** How long a webhook secret that is replaced stays good. */
  overlapHours?: number;
}

/** What a merchant sells: its one shop. Putting another one replaces it. */
@Injectable()
export class Stores {
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

  /** @throws Refusal `not_found`. */
  async findStore(merchantId: string): Promise<StoreConnectionEntity> {
    const row = await this.merchants.read(merchantId, (tx) =>
      tx.findOneBy(StoreConnectionEntity, { merchantId }),
    );
    if (!row) throw new Refusal('not_found', 'not_connected', 'no shop is connected yet');
    return row;
  }

  /** Stores the connection and, with it, asks for a full sync. @throws Refusal `not_found`, `conflict`, `changed`. */
  async putStore(
    merchantId: string,
    given: GivenStore,
    caller: Caller,
    ifMatch?: string,
  ): Promise<StoreConnectionEntity> {
    const kind = given.kind ?? DEFAULT_STORE_KIND;
    const vendor = storeOf(kind);
    const parts = divide(vendor, given);
    requirePublicUrls(vendor.fields, parts.settings, caller, this.env);
    const { row, sync, now } = await this.merchants.within(merchantId, async (tx, merchant) => {
      requireOpen(merchant);
      const known = await tx.findOneBy(StoreConnectionEntity, { merchantId });
      matchIfSaid(ifMatch, known);
      const id = known?.id ?? newId('sto');
      if (known) {
        const former = storeOf(known.kind).webhooks.secret;
        const { [former]: secret } = await this.vault.openFields('store_connections', known);
        const successor = parts.credentials[vendor.webhooks.secret]!;
        if (secret) await this.former.replace(tx, merchantId, id, secret, successor, given.overlapHours);
      }
      const sealed = await this.vault.sealFields('store_connections', id, parts);
      const now = this.clock.now();
      const row = tx.create(StoreConnectionEntity, {
        id,
        merchantId,
        kind,
        region: given.region,
        ...sealed,
        maxAgeSeconds: given.maxAgeSeconds ?? 900,
        verifiedAt: null,
        createdAt: known?.createdAt ?? now,
      });
      await tx.save(StoreConnectionEntity, row);
      const dueAt = known ? new Date(now.getTime() + REMEMBERED_MS) : undefined;
      const sync = toItem(syncStore, { mode: 'full', runId: newId('run') }, merchantId, now, { dueAt });
      await this.journal.append([sync], now, tx);
      await this.audit.record(tx, {
        merchantId,
        action: known ? 'store.update' : 'store.connect',
        target: id,
        before: known ? this.view(known) : undefined,
        // Secrets are given anew with each call.
        after: this.view(row),
      });
      return { row, sync, now };
    });
    await this.waker.wake([wakeOf(sync, now)]);
    return row;
  }

  private view(row: StoreConnectionEntity) {
    return showStore(row, this.env.PUBLIC_GATEWAY_URL);
  }
}

/** What of it answers and the audit log show. `gateway`: the public URL that webhooks come to. */
export function showStore(row: StoreConnectionEntity, gateway: string) {
  const { id, kind, region, maxAgeSeconds, settings } = row;
  const { fields } = storeOf(kind);
  return {
    id,
    kind,
    ...shown(fields, settings),
    region,
    maxAgeSeconds,
    verifiedAt: row.verifiedAt?.toISOString() ?? null,
    webhookUrl: storeWebhookUrl(row, gateway),
  };
}

export function storeWebhookUrl({ merchantId, kind }: StoreConnectionEntity, gateway: string): string {
  return `${gateway}${webhookPath(storeOf(kind).webhooks.routes, { merchant: merchantId })}`;
}
