import { Inject, Injectable } from '@nestjs/common';
import { RestStore } from '#adapters/rest-store';
import { StripePayments } from '#adapters/stripe';
import type { CartLine, Quote, StorePort } from '#core/catalog';
import type { PaymentProviderPort } from '#core/checkout';
import { PortError } from '#core/tenancy';
import { Directory } from '#persistence';
import { ENV, GUARDED_FETCH, type GuardedFetch } from '#platform';
import { CheckoutEnv } from './env.js';

const STORE_TIMEOUT_MS = 4_000;
const MAX_REMEMBERED = 5_000;

/** The shop of one merchant; quotes are for the region it sells in. */
export interface Shop {
  store: StorePort;
  quote(lines: CartLine[]): Promise<Quote>;
}

/** The outside parties of a merchant's orders: its shop, and its account at the payment provider. */
@Injectable()
export class Partners {
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
    return { store, quote: (lines) => store.quote(lines, region) };
  }

  /** @throws PortError `misconfigured` when the merchant has none. */
  async provider(merchantId: string): Promise<PaymentProviderPort> {
    const account = await this.directory.paymentProvider(merchantId, 'stripe');
    if (!account) throw new PortError('misconfigured', 'no_provider', 'the merchant takes no payments');
    const { secretKey, webhookSecret } = account;
    const settings = `${secretKey} ${webhookSecret}`;
    const known = this.payments.get(merchantId);
    if (known?.settings === settings) return known.provider;
    if (this.payments.size >= MAX_REMEMBERED) this.payments.clear();
    const provider = new StripePayments({
      secretKey,
      webhookSecrets: [webhookSecret],
      baseUrl: this.env.STRIPE_BASE_URL,
    });
    this.payments.set(merchantId, { settings, provider });
    return provider;
  }
}
