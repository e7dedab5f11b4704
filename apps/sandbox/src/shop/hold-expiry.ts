import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { ShopBooks } from './shop-books.js';
import { Stock } from './stock.js';

const EVERY_MS = 1_000;

/** Announces stock that an expired hold gave back even when nobody calls the shop. */
@Injectable()
export class HoldExpiry implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly books: ShopBooks,
    private readonly stock: Stock,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      for (const shop of this.books.all()) this.stock.expireDue(shop.id);
    }, EVERY_MS);
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }
}
