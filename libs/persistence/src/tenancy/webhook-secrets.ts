import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { CLOCK, SecretBox, type Clock } from '#platform';
import { Tenants } from '../tenants.js';
import { secretBinding } from './directory.js';
import { Memo } from './memo.js';

/** A Meta app that a merchant brought. */
export interface MetaApp {
  merchantId: string;
  /** The present one first; those before it while they are still good. */
  appSecrets: string[];
  verifyToken: string;
}

/** Anybody may name any merchant or app in an address: looking them up leaves connections for everything else. */
const REMEMBER = { ttlMs: 5_000, most: 50_000, atOnce: 4, mayWait: 500 };

/**
 * What webhooks are signed with, for the gateway. A secret that was replaced is good for a while beside its
 * successor: the vendor changes over when it does, and nothing is refused meanwhile.
 */
@Injectable()
export class WebhookSecrets {
  private readonly memo = new Memo(REMEMBER);

  constructor(
    private readonly database: DataSource,
    private readonly tenants: Tenants,
    private readonly box: SecretBox,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** None for a merchant without a store, or no merchant. */
  ofStore(merchantId: string): Promise<string[]> {
    return this.memo.get(`store/${merchantId}`, () =>
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
    return this.memo.get(`payments/${merchantId}/${account}`, () =>
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
    return this.memo.get(`meta-app/${id}`, async () => {
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
}

interface SealedRow {
  id: string;
  secret: string;
}
