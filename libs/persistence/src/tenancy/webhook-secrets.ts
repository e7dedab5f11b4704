import { Inject, Injectable } from '@nestjs/common';
import { DataSource, IsNull, type EntityManager } from 'typeorm';
import { CLOCK, SecretBox, type Clock } from '#platform';
import { Tenants } from '../tenants.js';
import { ChannelAccountEntity, PaymentProviderEntity, StoreConnectionEntity } from './entities.js';
import { FieldBox, secretBinding, type SealedFields, type VendorTable } from './field-box.js';
import { Memo } from './memo.js';

/** An app at a channel that a merchant brought. */
export interface ChannelApp {
  merchantId: string;
  /** The present one first; those before it while they are still good. */
  appSecrets: string[];
  verifyToken: string;
}

/** What an account of a channel signs with, and what its webhooks must be about. */
export interface ChannelAccountSecrets {
  secrets: string[];
  accountId: string;
  senderId: string;
  enabled: boolean;
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

  /** What the merchant's shop signs with, in its field `field`. Undefined for a merchant without a shop of this kind, or no merchant. */
  ofStore(merchantId: string, kind: string, field: string): Promise<string[] | undefined> {
    return this.memo.get(`store/${merchantId}/${kind}`, () =>
      this.tenants.transaction(merchantId, async (tx) => {
        const row = await tx.findOneBy(StoreConnectionEntity, { merchantId, kind });
        return row ? this.ofField(tx, 'store_connections', row, field) : undefined;
      }),
    );
  }

  /** Of one account, by the merchant's key for it. Undefined for a merchant without it, or no merchant. */
  ofPaymentAccount(merchantId: string, account: string, field: string): Promise<string[] | undefined> {
    return this.memo.get(`payments/${merchantId}/${account}`, () =>
      this.tenants.transaction(merchantId, async (tx) => {
        const row = await tx.findOneBy(PaymentProviderEntity, { merchantId, account });
        return row ? this.ofField(tx, 'payment_providers', row, field) : undefined;
      }),
    );
  }

  /** Of one account of a channel, by its id. Undefined for a merchant without it, or no merchant. */
  ofChannelAccount(
    merchantId: string,
    id: string,
    kind: string,
    field: string,
  ): Promise<ChannelAccountSecrets | undefined> {
    return this.memo.get(`channel/${merchantId}/${id}/${kind}`, () =>
      this.tenants.transaction(merchantId, async (tx) => {
        const row = await tx.findOneBy(ChannelAccountEntity, { id, merchantId, kind, releasedAt: IsNull() });
        if (!row) return undefined;
        const secrets = await this.ofField(tx, 'channel_accounts', row, field);
        const { accountId, senderId, enabled } = row;
        return { secrets, accountId, senderId, enabled };
      }),
    );
  }

  /** By the id in its webhook address. */
  ofChannelApp(id: string): Promise<ChannelApp | undefined> {
    return this.memo.get(`app/${id}`, async () => {
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
          appSecrets: [
            await this.box.open(row.secret, secretBinding('meta_apps', id, 'app_secret')),
            ...(await this.former(tx, id)),
          ],
          verifyToken: await this.box.open(row.token, secretBinding('meta_apps', id, 'verify_token')),
        };
      });
    });
  }

  private async ofField(
    tx: EntityManager,
    table: VendorTable,
    row: SealedFields,
    field: string,
  ): Promise<string[]> {
    const { [field]: secret } = await new FieldBox(this.box).open(table, row);
    return secret === undefined ? [] : [secret, ...(await this.former(tx, row.id))];
  }

  private async former(tx: EntityManager, ownerId: string): Promise<string[]> {
    const rows = (await tx.query(
      `SELECT id, secret FROM tenancy.former_webhook_secrets WHERE owner_id = $1 AND until > $2 ORDER BY until DESC`,
      [ownerId, this.clock.now()],
    )) as SealedRow[];
    return Promise.all(
      rows.map((f) => this.box.open(f.secret, secretBinding('former_webhook_secrets', f.id, 'secret'))),
    );
  }
}

interface SealedRow {
  id: string;
  secret: string;
}
