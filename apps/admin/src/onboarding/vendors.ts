import { Inject, Injectable } from '@nestjs/common';
import { PortError, type Connection, type Subscribed } from '#core/tenancy';
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
import { channelWebhookUrl } from './channel-accounts.js';
import { paymentWebhookUrl } from './payment-accounts.js';
import { Vault } from './vault.js';

/** Of a vendor that has no call for it. */
const NOT_ASKED: Subscribed = { state: 'unknown', why: 'the vendor cannot be asked whether it sends any' };

/** Live calls to what a merchant is connected to, with the stored secrets. Those that probe change nothing there. */
@Injectable()
export class Vendors {
  private readonly means: Means;

  constructor(
    private readonly vault: Vault,
    @Inject(ENV) private readonly env: AdminEnv,
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

  async probeChannelWebhooks(row: ChannelAccountEntity): Promise<Subscribed> {
    const { subscription } = channelOf(row.kind);
    if (!subscription) return NOT_ASKED;
    return subscription.probe(await this.open(row), this.addressOf(row), this.means);
  }

  async probePaymentWebhooks(row: PaymentProviderEntity): Promise<Subscribed> {
    const { subscription } = paymentProviderOf(row.kind);
    if (!subscription) return NOT_ASKED;
    const fields = await this.vault.openFields('payment_providers', row);
    return subscription.probe(fields, paymentWebhookUrl(row, this.env.PUBLIC_GATEWAY_URL), this.means);
  }

  /** Stores have no call that says it. */
  storeWebhooks(): Subscribed {
    return NOT_ASKED;
  }

  /** From now on the account's webhooks come here. @throws CallFailed, Error for a channel without the capability. */
  async subscribe(row: ChannelAccountEntity): Promise<void> {
    const { subscription, kind } = channelOf(row.kind);
    if (!subscription) throw new Error(`${kind} has no subscriptions`);
    await subscription.set(await this.open(row), this.addressOf(row), this.means);
  }

  private addressOf(row: ChannelAccountEntity): string {
    return channelWebhookUrl(row, this.env.PUBLIC_GATEWAY_URL) ?? '';
  }

  private async open(row: ChannelAccountEntity): Promise<ChannelAccountFields> {
    const fields = await this.vault.openFields('channel_accounts', row);
    return { senderId: row.senderId, accountId: row.accountId, fields };
  }
}
