import { Controller } from '@nestjs/common';
import { MessagePattern, Payload, Transport } from '@nestjs/microservices';
import {
  CATALOG_RPC,
  type CategoriesReply,
  type CategoriesRequest,
  type QuoteReply,
  type QuoteRequest,
  type SearchReply,
  type SearchRequest,
} from '#contracts';
import { Directory, Tenants } from '#persistence';
import { ProductCopy } from '../copy/product-copy.js';
import { Quotes } from './quotes.js';
import { Search } from './search.js';

/** The store contract's limit for one quote. */
const MAX_LINES = 100;

/** Questions of the other services, over TCP. */
@Controller()
export class CatalogController {
  constructor(
    private readonly directory: Directory,
    private readonly tenants: Tenants,
    private readonly copy: ProductCopy,
    private readonly products: Search,
    private readonly quotes: Quotes,
  ) {}

  @MessagePattern(CATALOG_RPC.categories, Transport.TCP)
  async categories(@Payload() { merchantId }: CategoriesRequest): Promise<CategoriesReply> {
    const connection = await this.directory.store(merchantId);
    if (!connection) return { outcome: 'unavailable', reason: 'no shop is connected' };
    const categories = await this.copy.categories(this.tenants, merchantId, connection.region);
    if (!categories) return { outcome: 'unavailable', reason: 'the catalog has not been read yet' };
    return { outcome: 'ok', categories };
  }

  @MessagePattern(CATALOG_RPC.search, Transport.TCP)
  search(@Payload() { merchantId, query }: SearchRequest): Promise<SearchReply> {
    return this.products.search(merchantId, query);
  }

  @MessagePattern(CATALOG_RPC.quote, Transport.TCP)
  async quote(@Payload() { merchantId, lines }: QuoteRequest): Promise<QuoteReply> {
    if (lines.length === 0 || lines.length > MAX_LINES) {
      return { outcome: 'unavailable', reason: `a quote takes 1 to ${MAX_LINES} lines` };
    }
    return this.quotes.quote(merchantId, lines);
  }
}
