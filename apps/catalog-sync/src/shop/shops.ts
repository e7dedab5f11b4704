import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import CircuitBreaker from 'opossum';
import type { CartLine, Quote, StorePort } from '#core/catalog';
import { PortError } from '#core/tenancy';
import type { StoreConnection } from '#persistence';
import { Counter, ENV, GUARDED_FETCH, Histogram, type GuardedFetch } from '#platform';
import { meansOf, storeOf, type Fields } from '#vendors';
import { CatalogSyncEnv } from '../env.js';

/** After as many failed calls within ten seconds as make half of them, the shop is left alone for this long. */
const REST_MS = 5_000;
const FEWEST_CALLS = 3;
const MAX_SHOPS = 5_000;

const calls = new Histogram({
  name: 'waco_store_quote_seconds',
  help: 'Time that shops take to answer a quote',
  labelNames: ['outcome'],
  buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 3],
});
const opened = new Counter({
  name: 'waco_store_breaker_opened_total',
  help: 'Times that a shop stopped being asked because its calls failed',
});

interface Shop {
  /** Others when address or key are: a corrected setting starts with a clean record. */
  fields: Fields;
  store: StorePort;
  breaker: CircuitBreaker<[CartLine[], string], Quote>;
}

/** Merchants' shops, each behind its own circuit breaker: a dead one costs its customers no waiting, and others nothing. */
@Injectable()
export class Shops implements OnApplicationShutdown {
  private readonly shops = new Map<string, Shop>();

  constructor(
    @Inject(ENV) private readonly env: CatalogSyncEnv,
    @Inject(GUARDED_FETCH) private readonly fetch: GuardedFetch,
  ) {}

  /** For syncs: patient, and without the breaker. */
  forSync(connection: StoreConnection): StorePort {
    return this.connect(connection, this.env.STORE_SYNC_TIMEOUT_MS);
  }

  /** @throws PortError, at once with code `breaker_open` while the shop is left alone. */
  async quote(connection: StoreConnection, lines: CartLine[]): Promise<Quote> {
    const { breaker } = this.shop(connection);
    const stop = calls.startTimer();
    try {
      const quote = await breaker.fire(lines, connection.region);
      stop({ outcome: 'ok' });
      return quote;
    } catch (error) {
      const failure = CircuitBreaker.isOurError(error as Error)
        ? new PortError('transient', 'breaker_open', 'the shop failed a moment ago', undefined, {
            cause: error,
          })
        : error;
      stop({ outcome: failure instanceof PortError ? failure.code : 'error' });
      throw failure;
    }
  }

  onApplicationShutdown(): void {
    for (const { breaker } of this.shops.values()) breaker.shutdown();
    this.shops.clear();
  }

  private shop(connection: StoreConnection): Shop {
    const { merchantId, fields } = connection;
    const known = this.shops.get(merchantId);
    if (known && isDeepStrictEqual(known.fields, fields)) return known;
    this.forget(merchantId);
    if (this.shops.size >= MAX_SHOPS) this.forget(this.shops.keys().next().value!);
    const store = this.connect(connection, this.env.STORE_TIMEOUT_MS);
    const breaker = new CircuitBreaker((lines: CartLine[], region: string) => store.quote(lines, region), {
      timeout: false, // the adapter has its own
      errorThresholdPercentage: 50,
      volumeThreshold: FEWEST_CALLS,
      resetTimeout: REST_MS,
      rollingCountTimeout: 10_000,
      rollingCountBuckets: 5,
      enableSnapshots: false,
      rollingPercentilesEnabled: false,
      // A shop that refuses a request is alive.
      errorFilter: (error) => error instanceof PortError && error.kind === 'rejected',
    });
    breaker.on('open', () => opened.inc());
    const shop: Shop = { fields, store, breaker };
    this.shops.set(merchantId, shop);
    return shop;
  }

  private connect({ kind, fields }: StoreConnection, timeoutMs: number): StorePort {
    return storeOf(kind).connect(fields, meansOf(this.env, { timeoutMs, fetch: this.fetch }));
  }

  private forget(merchantId: string): void {
    const shop = this.shops.get(merchantId);
    shop?.breaker.shutdown();
    this.shops.delete(merchantId);
  }
}
