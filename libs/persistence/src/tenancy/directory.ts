import { Injectable } from '@nestjs/common';
import { DataSource, IsNull, type EntityManager } from 'typeorm';
import type { MerchantSettings, SenderRoute } from '#core/tenancy';
import { SecretBox } from '#platform';
import { Tenants } from '../tenants.js';
import { Memo } from './memo.js';
import {
  ChannelAccountEntity,
  MerchantEntity,
  MerchantSettingsEntity,
  PaymentProviderEntity,
  StoreConnectionEntity,
  type Settings,
} from './entities.js';
import { FieldBox } from './field-box.js';

/** A merchant's configuration may be remembered for so long; those who look it up may hold a connection already. */
const REMEMBER = { ttlMs: 5_000, most: 50_000, atOnce: 4 };

/** What a merchant is connected to, opened: `fields` are the values of the vendor's fields by their names. */
interface Opened {
  fields: Settings;
}
export type StoreConnection = Opened &
  Pick<StoreConnectionEntity, 'id' | 'merchantId' | 'kind' | 'region' | 'maxAgeSeconds'>;
export type ChannelAccount = Opened &
  Pick<ChannelAccountEntity, 'id' | 'kind' | 'accountId' | 'senderId' | 'messagesPerSecond'>;
export type PaymentProvider = Opened & Pick<PaymentProviderEntity, 'id' | 'kind' | 'account'>;

/** Merchants' configuration for the services that act on it: remembered for a few seconds, secrets opened here only. */
@Injectable()
export class Directory {
  private readonly memo = new Memo(REMEMBER);
  private readonly box: FieldBox;

  constructor(
    private readonly database: DataSource,
    private readonly tenants: Tenants,
    secrets: SecretBox,
  ) {
    this.box = new FieldBox(secrets);
  }

  /** Where a sender of a channel leads; undefined for one that no merchant has. Gateway only. */
  routeSender(kind: string, senderId: string): Promise<SenderRoute | undefined> {
    return this.memo.get(`sender/${kind}/${senderId}`, async () => {
      const rows = (await this.database.query(
        `SELECT merchant_id AS "merchantId", channel_account_id AS "channelAccountId",
           account_id AS "accountId", enabled, status FROM tenancy.route_sender($1, $2)`,
        [kind, senderId],
      )) as SenderRoute[];
      return rows[0];
    });
  }

  merchant(merchantId: string): Promise<MerchantEntity | null> {
    return this.read(`merchant/${merchantId}`, merchantId, (tx) =>
      tx.findOneBy(MerchantEntity, { merchantId }),
    );
  }

  channelAccount(merchantId: string, id: string): Promise<ChannelAccount | null> {
    return this.read(`account/${merchantId}/${id}`, merchantId, async (tx) => {
      // What its merchant gave up has no credentials any more.
      const row = await tx.findOneBy(ChannelAccountEntity, { id, releasedAt: IsNull() });
      if (!row) return null;
      const { kind, accountId, senderId, messagesPerSecond } = row;
      const fields = await this.box.open('channel_accounts', row);
      return { id, kind, accountId, senderId, messagesPerSecond, fields };
    });
  }

  store(merchantId: string): Promise<StoreConnection | null> {
    return this.read(`store/${merchantId}`, merchantId, async (tx) => {
      const row = await tx.findOneBy(StoreConnectionEntity, { merchantId });
      if (!row) return null;
      const { id, kind, region, maxAgeSeconds } = row;
      return {
        id,
        merchantId,
        kind,
        region,
        maxAgeSeconds,
        fields: await this.box.open('store_connections', row),
      };
    });
  }

  /** What the merchant has chosen for itself; nothing chosen is `{}`. */
  settings(merchantId: string): Promise<MerchantSettings> {
    return this.read(`settings/${merchantId}`, merchantId, async (tx) => {
      return (await tx.findOneBy(MerchantSettingsEntity, { merchantId }))?.document ?? {};
    });
  }

  /** Keys of the payment accounts that are connected, in the order in which they were. */
  paymentAccounts(merchantId: string): Promise<string[]> {
    return this.read(`accounts/${merchantId}`, merchantId, async (tx) => {
      const rows = await tx.find(PaymentProviderEntity, {
        where: { merchantId },
        select: { account: true },
        order: { createdAt: 'ASC', id: 'ASC' },
      });
      return rows.map((row) => row.account);
    });
  }

  /** By the merchant's key for the account. */
  paymentProvider(merchantId: string, account: string): Promise<PaymentProvider | null> {
    return this.read(`payments/${merchantId}/${account}`, merchantId, async (tx) => {
      const row = await tx.findOneBy(PaymentProviderEntity, { merchantId, account });
      return (
        row && { id: row.id, kind: row.kind, account, fields: await this.box.open('payment_providers', row) }
      );
    });
  }

  private read<T>(key: string, merchantId: string, query: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.memo.get(key, () => this.tenants.transaction(merchantId, query));
  }
}
