import { Inject, Injectable } from '@nestjs/common';
import { Logger } from 'nestjs-pino';
import type { QuoteReply } from '#contracts';
import { syncedQuote, type CartLine, type Quote, type SyncedCopy } from '#core/catalog';
import { PortError } from '#core/tenancy';
import { Directory, Tenants, type StoreConnection } from '#persistence';
import { CLOCK, Counter, type Clock } from '#platform';
import { ProductCopy } from '../copy/product-copy.js';
import { Shops } from '../shop/shops.js';

const quotes = new Counter({
  name: 'waco_quotes_total',
  help: 'Quotes by where their figures came from',
  labelNames: ['source'],
});

/** Quotes that are true: what the shop says now, or what it said not long ago and marked so, or none. */
@Injectable()
export class Quotes {
  constructor(
    private readonly directory: Directory,
    private readonly tenants: Tenants,
    private readonly copy: ProductCopy,
    private readonly shops: Shops,
    private readonly logger: Logger,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * No lines give an empty quote, for a search that found nothing.
   * @param known what the copy says of the lines, when it has been read already
   */
  async quote(merchantId: string, lines: CartLine[], known?: SyncedCopy): Promise<QuoteReply> {
    const connection = await this.directory.store(merchantId);
    if (!connection) return { outcome: 'unavailable', reason: 'no shop is connected' };
    // The copy is read beside the live call: it has the pictures, and is at hand when that fails.
    const [live, copy] = await Promise.all([
      this.live(connection, lines),
      known ?? this.copy.figures(this.tenants, merchantId, [...new Set(lines.map((l) => l.sku))]),
    ]);
    if (lines.length === 0 && !copy.completeAt) {
      return { outcome: 'unavailable', reason: 'the catalog has not been read yet' };
    }
    const quote = live ? withPictures(live, copy) : await this.synced(connection, lines, copy);
    quotes.inc({ source: quote?.source ?? 'unavailable' });
    if (quote) return { outcome: 'ok', quote };
    return { outcome: 'unavailable', reason: 'the shop does not answer and what it said before is too old' };
  }

  /** Undefined when the shop gives no answer that can be used. */
  private async live(connection: StoreConnection, lines: CartLine[]): Promise<Quote | undefined> {
    if (lines.length === 0) return undefined;
    try {
      return await this.shops.quote(connection, lines);
    } catch (error) {
      if (!(error instanceof PortError)) throw error;
      const { merchantId } = connection;
      const { kind, code, message } = error;
      this.logger.warn({ event: 'store.quote-failed', merchantId, kind, code, reason: message });
      return undefined;
    }
  }

  private async synced(
    { merchantId, region, maxAgeSeconds }: StoreConnection,
    lines: CartLine[],
    copy: SyncedCopy,
  ): Promise<Quote | undefined> {
    const currency = (await this.directory.merchant(merchantId))?.currency ?? '';
    return syncedQuote(lines, copy, { region, currency, maxAgeSeconds, now: this.clock.now() });
  }
}

function withPictures(quote: Quote, copy: SyncedCopy): Quote {
  const lines = quote.lines.map((line) => {
    const imageUrl = copy.figures.get(line.sku)?.imageUrl;
    return imageUrl ? { ...line, imageUrl } : line;
  });
  return { ...quote, lines };
}
