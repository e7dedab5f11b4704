import { Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { ClientProxyFactory, Transport, type ClientProxy } from '@nestjs/microservices';
import { lastValueFrom, timeout } from 'rxjs';
import {
  CATALOG_RPC,
  type CategoriesReply,
  type CategoriesRequest,
  type QuoteReply,
  type QuoteRequest,
  type SearchReply,
  type SearchRequest,
  type Unavailable,
} from '#contracts';
import type { CartLine, ProductQuery } from '#core/catalog';

/** Characters; thirty products with their descriptions. */
const LONGEST_ANSWER = 1_048_576;
/** Longer than catalog-sync takes to give up on a shop and answer from its copy. */
const TIMEOUT_MS = 4_000;
/** A connection stays with the process that took it: so often there is another, which any of them may take. */
const CONNECTED_FOR_MS = 30_000;

export interface CatalogAddress {
  host: string;
  port: number;
  connectedForMs?: number;
}

/** Asks catalog-sync. It never throws: what cannot be answered in time is `unavailable`. */
export class CatalogClient implements OnApplicationShutdown {
  private connection: { proxy: ClientProxy; since: number } | undefined;

  constructor(private readonly address: CatalogAddress) {}

  /** What is on offer now, by category. */
  categories(merchantId: string): Promise<CategoriesReply> {
    return this.ask<CategoriesRequest, CategoriesReply>(CATALOG_RPC.categories, { merchantId });
  }

  search(merchantId: string, query: ProductQuery): Promise<SearchReply> {
    return this.ask<SearchRequest, SearchReply>(CATALOG_RPC.search, { merchantId, query });
  }

  /** The price and stock of these lines now; `source` says whether the shop itself said so just now. */
  quote(merchantId: string, lines: CartLine[]): Promise<QuoteReply> {
    return this.ask<QuoteRequest, QuoteReply>(CATALOG_RPC.quote, { merchantId, lines });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.connection?.proxy.close();
  }

  private async ask<Q, A>(pattern: string, request: Q): Promise<A | Unavailable> {
    try {
      return await lastValueFrom(this.proxy().send<A, Q>(pattern, request).pipe(timeout(TIMEOUT_MS)));
    } catch (error) {
      // Refused, lost, late, or an error over there: for the one who asks it is all the same.
      return { outcome: 'unavailable', reason: `catalog: ${reasonOf(error)}`, unreachable: true };
    }
  }

  private proxy(): ClientProxy {
    const { host, port, connectedForMs = CONNECTED_FOR_MS } = this.address;
    const now = performance.now();
    if (!this.connection || now - this.connection.since > connectedForMs) {
      const former = this.connection?.proxy;
      // What it was asked is answered by then, or given up.
      if (former) setTimeout(() => void former.close(), TIMEOUT_MS).unref();
      const options = { host, port, maxBufferSize: LONGEST_ANSWER };
      this.connection = {
        proxy: ClientProxyFactory.create({ transport: Transport.TCP, options }),
        since: now,
      };
    }
    return this.connection.proxy;
  }
}

function reasonOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const { name, code, message } = error as { name?: string; code?: string; message?: string };
  if (name === 'TimeoutError') return `no answer in ${TIMEOUT_MS} ms`;
  return code ?? message ?? 'failed';
}

/** Gives a service the {@link CatalogClient} for catalog-sync's RPC at this address. */
@Module({})
export class CatalogClientModule {
  static forRoot(address: CatalogAddress): DynamicModule {
    return {
      module: CatalogClientModule,
      providers: [{ provide: CatalogClient, useFactory: () => new CatalogClient(address) }],
      exports: [CatalogClient],
    };
  }
}
