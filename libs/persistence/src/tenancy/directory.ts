import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { MerchantSettings, NumberRoute } from '#core/tenancy';
import { SecretBox } from '#platform';
import { Tenants } from '../tenants.js';
import { Memo } from './memo.js';
import {
  ChannelAccountEntity,
  MerchantEntity,
  MerchantSettingsEntity,
  PaymentProviderEntity,
  StoreConnectionEntity,
} from './entities.js';

/** A merchant's configuration may be remembered for so long; those who look it up may hold a connection already. */
const REMEMBER = { ttlMs: 5_000, most: 50_000, atOnce: 4 };

export type StoreConnection = Omit<StoreConnectionEntity, 'kind' | 'createdAt'>;
export type ChannelAccount = Omit<ChannelAccountEntity, 'createdAt'>;
export type PaymentProvider = Omit<PaymentProviderEntity, 'createdAt'>;

/** The text a secret is bound to: its table, row and column. A sealed value moved elsewhere does not open. */
export function secretBinding(table: string, id: string, column: string): string {
  return `${table}/${id}/${column}`;
}

/** Merchants' configuration for the services that act on it: remembered for a few seconds, secrets opened here only. */
@Injectable()
export class Directory {
  private readonly memo = new Memo(REMEMBER);

  constructor(
    private readonly database: DataSource,
    private readonly tenants: Tenants,
    private readonly secrets: SecretBox,
  ) {}

  /** Undefined for a number that no merchant has. Gateway only. */
  routePhoneNumber(phoneNumberId: string): Promise<NumberRoute | undefined> {
    return this.memo.get(`phone/${phoneNumberId}`, async () => {
      const rows = (await this.database.query(
        `SELECT merchant_id AS "merchantId", channel_account_id AS "channelAccountId",
           business_account_id AS "businessAccountId", enabled, status FROM tenancy.route_phone_number($1)`,
        [phoneNumberId],
      )) as NumberRoute[];
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
      const row = await tx.findOneBy(ChannelAccountEntity, { id });
      return (
        row && {
          ...row,
          accessToken: await this.open('channel_accounts', id, 'access_token', row.accessToken),
        }
      );
    });
  }

  store(merchantId: string): Promise<StoreConnection | null> {
    return this.read(`store/${merchantId}`, merchantId, async (tx) => {
      const row = await tx.findOneBy(StoreConnectionEntity, { merchantId });
      return (
        row && {
          ...row,
          apiKey: await this.open('store_connections', row.id, 'api_key', row.apiKey),
          webhookSecret: await this.open('store_connections', row.id, 'webhook_secret', row.webhookSecret),
        }
      );
    });
  }

  /** What the merchant has chosen for itself; nothing chosen is `{}`. */
  settings(merchantId: string): Promise<MerchantSettings> {
    return this.read(`settings/${merchantId}`, merchantId, async (tx) => {
      return (await tx.findOneBy(MerchantSettingsEntity, { merchantId }))?.document ?? {};
    });
  }

  /** Keys of the payment accounts that are connected. */
  paymentAccounts(merchantId: string): Promise<string[]> {
    return this.read(`accounts/${merchantId}`, merchantId, async (tx) => {
      const rows = await tx.find(PaymentProviderEntity, { where: { merchantId }, select: { account: true } });
      return rows.map((row) => row.account);
    });
  }

  /** By the merchant's key for the account. */
  paymentProvider(merchantId: string, account: string): Promise<PaymentProvider | null> {
    return this.read(`payments/${merchantId}/${account}`, merchantId, async (tx) => {
      const row = await tx.findOneBy(PaymentProviderEntity, { merchantId, account });
      return (
        row && {
          ...row,
          secretKey: await this.open('payment_providers', row.id, 'secret_key', row.secretKey),
          webhookSecret: await this.open('payment_providers', row.id, 'webhook_secret', row.webhookSecret),
        }
      );
    });
  }

  private open(table: string, id: string, column: string, sealed: string): Promise<string> {
    return this.secrets.open(sealed, secretBinding(table, id, column));
  }

  private read<T>(key: string, merchantId: string, query: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.memo.get(key, () => this.tenants.transaction(merchantId, query));
  }
}
