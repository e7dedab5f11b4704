import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import type { CartLine, Quote, StorePort } from '#core/catalog';
import type { Order, PaymentProviderPort } from '#core/checkout';
import { choosePaymentAccount, PortError, providerKindOf, whyNoAccount } from '#core/tenancy';
import { Directory } from '#persistence';
import { ENV, GUARDED_FETCH, type GuardedFetch } from '#platform';
import { meansOf, paymentProviderOf, storeOf, type Fields, type Means } from '#vendors';
import { CheckoutEnv } from './env.js';

const STORE_TIMEOUT_MS = 4_000;
const PROVIDER_TIMEOUT_MS = 8_000;
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
  private readonly payments = new Map<string, { fields: Fields; provider: PaymentProviderPort }>();

  constructor(
    private readonly directory: Directory,
    @Inject(ENV) private readonly env: CheckoutEnv,
    @Inject(GUARDED_FETCH) private readonly fetch: GuardedFetch,
  ) {}

  /** @throws PortError `misconfigured` when the merchant has none. */
  async shop(merchantId: string): Promise<Shop> {
    const connection = await this.directory.store(merchantId);
    if (!connection) throw new PortError('misconfigured', 'no_store', 'the merchant has no store');
    const { kind, fields, region } = connection;
    const store = storeOf(kind).connect(fields, this.means(STORE_TIMEOUT_MS));
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

  /** At the account that the order remembers. @throws PortError `misconfigured` when it is gone. */
  async provider({ merchantId, account: key }: Order): Promise<PaymentProviderPort> {
    const account = key === null ? null : await this.directory.paymentProvider(merchantId, key);
    if (!account) throw new PortError('misconfigured', 'no_provider', `the account ${key} is not connected`);
    const { id, kind, fields } = account;
    const known = this.payments.get(id);
    if (known && isDeepStrictEqual(known.fields, fields)) return known.provider;
    if (this.payments.size >= MAX_REMEMBERED) this.payments.clear();
    const provider = paymentProviderOf(kind).connect(fields, this.means(PROVIDER_TIMEOUT_MS));
    this.payments.set(id, { fields, provider });
    return provider;
  }

  /** How long a page at the order's account lives, in milliseconds. */
  pageLifeMs({ orderRef, account }: Order): number {
    if (account === null) throw new Error(`order ${orderRef} has no payment account`);
    return paymentProviderOf(providerKindOf(account)).pageLifeMs;
  }

  private means(timeoutMs: number): Means {
    return meansOf(this.env, { timeoutMs, fetch: this.fetch });
  }
}
