import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { CLOCK, SecretBox, type Clock } from '#platform';
import { Tenants } from '../tenants.js';
import { secretBinding } from './directory.js';

/** A Meta app that a merchant brought. */
export interface MetaApp {
  merchantId: string;
  /** The present one first; those before it while they are still good. */
  appSecrets: string[];
  verifyToken: string;
}

/** How long secrets may be remembered by a process, in milliseconds. */
const TTL_MS = 5_000;
const MAX_REMEMBERED = 50_000;

type Known = { at: number; value: Promise<unknown> };

/**
 * What webhooks are signed with, for the gateway. A secret that was replaced is good for a while beside its
 * successor: the vendor changes over when it does, and nothing is refused meanwhile.
 */
@Injectable()
export class WebhookSecrets {
  private readonly known = new Map<string, Known>();

  constructor(
    private readonly database: DataSource,
    private readonly tenants: Tenants,
    private readonly box: SecretBox,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** None for a merchant without a store, or no merchant. */
  ofStore(merchantId: string): Promise<string[]> {
    return this.remember(`store/${merchantId}`, () =>
      this.tenants.transaction(merchantId, async (tx) => {
        const [row] = (await tx.query(
          `SELECT id, webhook_secret AS secret FROM tenancy.store_connections`,
        )) as SealedRow[];
        return row ? this.all(tx, 'store_connections', 'webhook_secret', row) : [];
      }),
    );
  }

  /** Of one account, by the merchant's key for it. None for a merchant without it, or no merchant. */
  ofPaymentAccount(merchantId: string, account: string): Promise<string[]> {
    return this.remember(`payments/${merchantId}/${account}`, () =>
      this.tenants.transaction(merchantId, async (tx) => {
        const [row] = (await tx.query(
          `SELECT id, webhook_secret AS secret FROM tenancy.payment_providers WHERE account = $1`,
          [account],
        )) as SealedRow[];
        return row ? this.all(tx, 'payment_providers', 'webhook_secret', row) : [];
      }),
    );
  }

  /** By the id in its webhook address. */
  ofMetaApp(id: string): Promise<MetaApp | undefined> {
    return this.remember(`meta-app/${id}`, async () => {
      const [route] = (await this.database.query(`SELECT tenancy.route_meta_app($1) AS "merchantId"`, [
        id,
      ])) as { merchantId: string | null }[];
      const merchantId = route?.merchantId;
      if (!merchantId) return undefined;
      return this.tenants.transaction(merchantId, async (tx) => {
        const [row] = (await tx.query(
          `SELECT id, app_secret AS secret, verify_token AS token FROM tenancy.meta_apps WHERE id = $1`,
          [id],
        )) as (SealedRow & { token: string })[];
        if (!row) return undefined;
        return {
          merchantId,
          appSecrets: await this.all(tx, 'meta_apps', 'app_secret', row),
          verifyToken: await this.box.open(row.token, secretBinding('meta_apps', id, 'verify_token')),
        };
      });
    });
  }

  private async all(tx: EntityManager, table: string, column: string, row: SealedRow): Promise<string[]> {
    const former = (await tx.query(
      `SELECT id, secret FROM tenancy.former_webhook_secrets WHERE owner_id = $1 AND until > $2 ORDER BY until DESC`,
      [row.id, this.clock.now()],
    )) as SealedRow[];
    return Promise.all([
      this.box.open(row.secret, secretBinding(table, row.id, column)),
      ...former.map((f) => this.box.open(f.secret, secretBinding('former_webhook_secrets', f.id, 'secret'))),
    ]);
  }

  private remember<T>(key: string, load: () => Promise<T>): Promise<T> {
    const known = this.known.get(key);
    if (known && performance.now() - known.at < TTL_MS) return known.value as Promise<T>;
    if (this.known.size >= MAX_REMEMBERED) this.known.clear();
    const value = load();
    this.known.set(key, { at: performance.now(), value });
    value.catch(() => this.known.delete(key)); // a failed look-up is not remembered
    return value;
  }
}

interface SealedRow {
  id: string;
  secret: string;
}
