import { Inject, Injectable } from '@nestjs/common';
import { PortError, type Connection } from '#core/tenancy';
import type { ChannelAccountEntity, PaymentProviderEntity, StoreConnectionEntity } from '#persistence';
import { ENV, GUARDED_FETCH, type GuardedFetch } from '#platform';
import {
  channelOf,
  meansOf,
  paymentProviderOf,
  storeOf,
  type ChannelAccountFields,
  type Means,
  type TemplateBook,
} from '#vendors';
import type { AdminEnv } from '../env.js';
import { Vault } from './vault.js';

/** Live looks at what a merchant is connected to, with the stored secrets. None of them changes anything there. */
@Injectable()
export class Vendors {
  private readonly means: Means;

  constructor(
    private readonly vault: Vault,
    @Inject(ENV) env: AdminEnv,
    @Inject(GUARDED_FETCH) fetch: GuardedFetch,
  ) {
    this.means = meansOf(env, { timeoutMs: env.VENDOR_TIMEOUT_MS, fetch });
  }

  async probeChannel(account: ChannelAccountEntity): Promise<Connection> {
    return channelOf(account.kind).probe(await this.open(account), this.means);
  }

  /** Undefined for a channel without templates. */
  async templates(account: ChannelAccountEntity): Promise<TemplateBook | undefined> {
    return channelOf(account.kind).templates?.(await this.open(account), this.means);
  }

  async probeStore(row: StoreConnectionEntity): Promise<Connection> {
    const fields = await this.vault.openFields('store_connections', row);
    try {
      const { products } = await storeOf(row.kind).connect(fields, this.means).listProducts({});
      return products.length > 0 ? { state: 'ok' } : { state: 'failing', why: 'it lists no products' };
    } catch (error) {
      // The code only: what stands behind the address may say more than this caller should read.
      if (error instanceof PortError) return { state: 'failing', why: `${error.kind}, ${error.code}` };
      throw error;
    }
  }

  async probePayment(row: PaymentProviderEntity): Promise<Connection> {
    const fields = await this.vault.openFields('payment_providers', row);
    return paymentProviderOf(row.kind).probe(fields, this.means);
  }

  private async open(row: ChannelAccountEntity): Promise<ChannelAccountFields> {
    const fields = await this.vault.openFields('channel_accounts', row);
    return { senderId: row.senderId, accountId: row.accountId, fields };
  }
}
