import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { setTimeout as sleep } from 'node:timers/promises';
import { safeEqual } from '#platform';
import { ShopBooks } from './shop-books.js';
import { Stock } from './stock.js';
import type { ShopDoc, ShopFaults } from './shop.types.js';
import { StoreProblem } from './store-problem.js';

export interface StoreRequest extends FastifyRequest<{ Params: { shop: string } }> {
  shop: ShopDoc;
}

/** Faults that a test has ordered, for each shop; gone with the process. */
@Injectable()
export class StoreFaults {
  private readonly ordered = new Map<string, ShopFaults>();

  get(shopId: string): ShopFaults {
    return this.ordered.get(shopId) ?? { delayMs: 0, failNext: 0, status: 503 };
  }

  set(shopId: string, faults: ShopFaults): void {
    this.ordered.set(shopId, faults);
  }

  /** The status that this call has to fail with, if any. */
  takeFailure(shopId: string): number | undefined {
    const faults = this.get(shopId);
    if (faults.failNext <= 0) return undefined;
    this.set(shopId, { ...faults, failNext: faults.failNext - 1 });
    return faults.status;
  }
}

/** Finds the shop, checks the API key, applies ordered faults, and frees what is held past its time. */
@Injectable()
export class StoreApiGuard implements CanActivate {
  constructor(
    private readonly books: ShopBooks,
    private readonly stock: Stock,
    private readonly faults: StoreFaults,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<StoreRequest>();
    const shop = this.books.shop(request.params.shop);
    const key = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (!key || !safeEqual(key, shop.apiKey)) {
      throw new StoreProblem(401, 'unauthorized', 'The API key is missing or not valid');
    }
    const { delayMs } = this.faults.get(shop.id);
    if (delayMs > 0) await sleep(delayMs);
    const failure = this.faults.takeFailure(shop.id);
    if (failure) throw new StoreProblem(failure, 'ordered_fault', 'The sandbox was told to fail this call');
    this.stock.expireDue(shop.id);
    request.shop = this.books.shop(shop.id);
    return true;
  }
}
