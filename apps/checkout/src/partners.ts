import { Inject, Injectable } from '@nestjs/common';
import { RestStore } from '#adapters/rest-store';
import { StripePayments } from '#adapters/stripe';
import type { CartLine, Quote, StorePort } from '#core/catalog';
import { accountOf, type Order, type PaymentProviderPort } from '#core/checkout';
import { choosePaymentAccount, PortError, whyNoAccount } from '#core/tenancy';
import { Directory } from '#persistence';
import { ENV, GUARDED_FETCH, type GuardedFetch } from '#platform';
import { CheckoutEnv } from './env.js';

const STORE_TIMEOUT_MS = 4_000;
const MAX_REMEMBERED = 5_000;

/** The shop of one merchant; quotes are for the region it sells in. */
export interface Shop {
  store: StorePort;
  /** Where its goods are sold to, ISO 3166-1 alpha-2. */
  region: string;
  quote(lines: CartLine[]): Promise<Quote>;
}

/** The outside parties of a merchant's orders: its shop, and its accounts at payment providers. */
@Injectable()
export class Partners {
  /** By the account's id. */
  private readonly payments = new Map<string, { settings: string; provider: PaymentProviderPort }>();

  constructor(
    private readonly directory: Directory,
    @Inject(ENV) private readonly env: CheckoutEnv,
    @Inject(GUARDED_FETCH) private readonly fetch: GuardedFetch,
  ) {}

  /** @throws PortError `misconfigured` when the merchant has none. */
  async shop(merchantId: string): Promise<Shop> {
    const connection = await this.directory.store(merchantId);
    if (!connection) throw new PortError('misconfigured', 'no_store', 'the merchant has no store');
    const { baseUrl, apiKey, region } = connection;
    const store = new RestStore({ baseUrl, apiKey, timeoutMs: STORE_TIMEOUT_MS, fetch: this.fetch });
    return { store, region, quote: (lines) => store.quote(lines, region) };
  }

  /** The account that a payment would go to now, by the merchant's routes; else why there is none, for people. */
  async chooseAccount(
    merchantId: string,
    place: { country: string; currency: string },
  ): Promise<{ account: string } | { why: string }> {
    const [settings, connected] = await Promise.all([
      this.directory.settings(merchantId),
      this.directory.paymentAccounts(merchantId),
    ]);
    const choice = choosePaymentAccount(settings.payments?.routes ?? [], connected, place);
    return choice.outcome === 'account' ? { account: choice.account } : { why: whyNoAccount(choice, place)! };
  }

  /** The account that the order remembers. @throws PortError `misconfigured` when it is gone. */
  async provider(order: Order): Promise<PaymentProviderPort> {
    const { merchantId } = order;
    const key = accountOf(order);
    const account = await this.directory.paymentProvider(merchantId, key);
    if (!account) throw new PortError('misconfigured', 'no_provider', `the account ${key} is not connected`);
    const { secretKey, webhookSecret } = account;
    const settings = `${secretKey} ${webhookSecret}`;
    const known = this.payments.get(account.id);
    if (known?.settings === settings) return known.provider;
    if (this.payments.size >= MAX_REMEMBERED) this.payments.clear();
    const provider = new StripePayments({
      secretKey,
      webhookSecrets: [webhookSecret],
      baseUrl: this.env.STRIPE_BASE_URL,
    });
    this.payments.set(account.id, { settings, provider });
    return provider;
  }
}
