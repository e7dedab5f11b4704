import { Inject, Injectable, Module, type DynamicModule } from '@nestjs/common';
import { ClientProxy, ClientsModule, Transport } from '@nestjs/microservices';
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

const CATALOG_PROXY = Symbol('CATALOG_PROXY');
/** Characters; thirty products with their descriptions. */
const LONGEST_ANSWER = 1_048_576;
/** Longer than catalog-sync takes to give up on a shop and answer from its copy. */
const TIMEOUT_MS = 4_000;

/** Asks catalog-sync. It never throws: what cannot be answered in time is `unavailable`. */
@Injectable()
export class CatalogClient {
  constructor(@Inject(CATALOG_PROXY) private readonly proxy: ClientProxy) {}

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

  private async ask<Q, A>(pattern: string, request: Q): Promise<A | Unavailable> {
    try {
      return await lastValueFrom(this.proxy.send<A, Q>(pattern, request).pipe(timeout(TIMEOUT_MS)));
    } catch (error) {
      // Refused, lost, late, or an error over there: for the one who asks it is all the same.
      return { outcome: 'unavailable', reason: `catalog: ${reasonOf(error)}`, unreachable: true };
    }
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
  static forRoot({ host, port }: { host: string; port: number }): DynamicModule {
    return {
      module: CatalogClientModule,
      imports: [
        ClientsModule.register([
          {
            name: CATALOG_PROXY,
            transport: Transport.TCP,
            options: { host, port, maxBufferSize: LONGEST_ANSWER },
          },
        ]),
      ],
      providers: [CatalogClient],
      exports: [CatalogClient],
    };
  }
}
