import { Inject, Injectable } from '@nestjs/common';
import { RestStore } from '#adapters/rest-store';
import { GraphCallError, PageClient, WhatsAppClient } from '#adapters/whatsapp-cloud';
import { PortError, type Connection } from '#core/tenancy';
import type { ChannelAccountEntity, PaymentProviderEntity, StoreConnectionEntity } from '#persistence';
import { ENV, GUARDED_FETCH, type GuardedFetch } from '#platform';
import type { AdminEnv } from '../env.js';
import { Vault } from './vault.js';

/** Live looks at what a merchant is connected to, with the stored secrets. None of them changes anything there. */
@Injectable()
export class Vendors {
  constructor(
    private readonly vault: Vault,
    @Inject(ENV) private readonly env: AdminEnv,
    @Inject(GUARDED_FETCH) private readonly guardedFetch: GuardedFetch,
  ) {}

  async whatsApp(account: ChannelAccountEntity): Promise<WhatsAppClient> {
    return new WhatsAppClient({
      baseUrl: this.env.WHATSAPP_BASE_URL,
      version: this.env.WHATSAPP_API_VERSION,
      accessToken: await this.vault.open('channel_accounts', account.id, 'access_token', account.accessToken),
      phoneNumberId: account.phoneNumberId,
      timeoutMs: this.env.VENDOR_TIMEOUT_MS,
    });
  }

  /** Webhooks name both, and are led here only if they belong together. */
  async probeWhatsApp(account: ChannelAccountEntity): Promise<Connection> {
    try {
      const client = await this.whatsApp(account);
      await client.getPhoneNumber();
      if (await client.isNumberOf(account.businessAccountId)) return { state: 'ok' };
      const why = `the number is none of business account ${account.businessAccountId}`;
      return { state: 'failing', why };
    } catch (error) {
      if (error instanceof GraphCallError) return { state: 'failing', why: graphReason(error) };
      throw error;
    }
  }

  /** A Messenger page, or an Instagram account, which must be the one that is linked with its page. */
  async probePage(account: ChannelAccountEntity): Promise<Connection> {
    const { id, kind, businessAccountId, phoneNumberId: senderId } = account;
    const client = new PageClient({
      baseUrl: this.env.WHATSAPP_BASE_URL,
      version: this.env.WHATSAPP_API_VERSION,
      accessToken: await this.vault.open('channel_accounts', id, 'access_token', account.accessToken),
      timeoutMs: this.env.VENDOR_TIMEOUT_MS,
    });
    try {
      const page = await client.getPage(businessAccountId, kind === 'instagram');
      if (kind !== 'instagram' || page.instagramAccountId === senderId) return { state: 'ok' };
      const why = `the page is not linked with Instagram account ${senderId}, or the token may not see it`;
      return { state: 'failing', why };
    } catch (error) {
      if (error instanceof GraphCallError) return { state: 'failing', why: graphReason(error) };
      throw error;
    }
  }

  async probeStore(store: StoreConnectionEntity): Promise<Connection> {
    const apiKey = await this.vault.open('store_connections', store.id, 'api_key', store.apiKey);
    try {
      const shop = new RestStore({
        baseUrl: store.baseUrl,
        apiKey,
        timeoutMs: this.env.VENDOR_TIMEOUT_MS,
        fetch: this.guardedFetch,
      });
      const { products } = await shop.listProducts({});
      return products.length > 0 ? { state: 'ok' } : { state: 'failing', why: 'it lists no products' };
    } catch (error) {
      // The code only: what stands behind the address may say more than this caller should read.
      if (error instanceof PortError) return { state: 'failing', why: `${error.kind}, ${error.code}` };
      throw error;
    }
  }

  /** `GET /v1/account`: answers whom the key belongs to. Source: docs.stripe.com/api/accounts/retrieve */
  async probeStripe(provider: PaymentProviderEntity): Promise<Connection> {
    const key = await this.vault.open('payment_providers', provider.id, 'secret_key', provider.secretKey);
    try {
      const answer = await fetch(`${this.env.STRIPE_BASE_URL.replace(/\/+$/, '')}/v1/account`, {
        headers: { authorization: `Bearer ${key}` },
        signal: AbortSignal.timeout(this.env.VENDOR_TIMEOUT_MS),
        redirect: 'manual',
      });
      await answer.body?.cancel();
      if (answer.ok) return { state: 'ok' };
      return {
        state: 'failing',
        why: answer.status === 401 ? 'it does not accept the key' : `it says ${answer.status}`,
      };
    } catch {
      return { state: 'failing', why: 'it does not answer' };
    }
  }
}

/** What Meta said, for people. Of a bad token only that: Meta's message quotes the token. */
export function graphReason(error: GraphCallError): string {
  if (error.code === 190) return 'Meta does not accept the access token';
  return error.code === undefined
    ? 'Meta did not answer as it should'
    : `Meta says (#${error.code}) ${error.details}`;
}
