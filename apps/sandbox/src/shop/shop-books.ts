import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, hmacSha256, newId, type Clock } from '#platform';
import { Documents, type Collection } from '../world/documents.js';
import { WebhookSender } from '../world/webhooks.js';
import type { IdempotencyDoc, OrderDoc, ProductDoc, ReservationDoc, ShopDoc } from './shop.types.js';
import { StoreProblem } from './store-problem.js';
import { productView } from './views.js';

const SIGNER = 'waco-store';

export type ShopEventType =
  | 'product.updated'
  | 'price.updated'
  | 'stock.updated'
  | 'order.updated'
  | `fulfilment.${'created' | 'shipped' | 'out_for_delivery' | 'delivered' | 'failed'}`;

/** One shop's documents. */
export interface Books {
  products: Collection<ProductDoc>;
  reservations: Collection<ReservationDoc>;
  /** Ids of the reservations that are still held, so that expiry need not look at closed ones. */
  holds: Collection<{ reservationId: string; expiresAt: string }>;
  orders: Collection<OrderDoc>;
  idempotency: Collection<IdempotencyDoc>;
}

/**
 * The shops' documents and their event stream. Documents change synchronously, so what one call does between
 * two awaits is atomic, and no two reservations can take the same unit.
 */
@Injectable()
export class ShopBooks {
  private readonly shops: Collection<ShopDoc>;

  constructor(
    private readonly documents: Documents,
    private readonly webhooks: WebhookSender,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.shops = documents.collection('shop.shops');
    webhooks.registerSigner(SIGNER, (body, secret, now) => {
      const t = Math.floor(now.getTime() / 1000);
      return {
        'content-type': 'application/json',
        'waco-signature': `t=${t},v1=${hmacSha256(secret, `${t}.${body}`)}`,
      };
    });
  }

  now(): Date {
    return this.clock.now();
  }

  all(): ShopDoc[] {
    return this.shops.all();
  }

  find(id: string): ShopDoc | undefined {
    return this.shops.get(id);
  }

  /** @throws StoreProblem 404 when there is no such shop. */
  shop(id: string): ShopDoc {
    const shop = this.shops.get(id);
    if (!shop) throw new StoreProblem(404, 'not_found', 'No such shop');
    return shop;
  }

  save(shop: ShopDoc): void {
    this.shops.put(shop.id, shop);
  }

  of(id: string): Books {
    const named = <T>(kind: string): Collection<T> => this.documents.collection<T>(`shop.${id}.${kind}`);
    return {
      products: named('products'),
      reservations: named('reservations'),
      holds: named('holds'),
      orders: named('orders'),
      idempotency: named('idempotency'),
    };
  }

  /** Stores a changed product and tells the merchant's webhook what changed about it. */
  changeProduct(shopId: string, product: ProductDoc, ...types: ShopEventType[]): ProductDoc {
    let changed = product;
    for (const type of types) {
      changed = { ...changed, sequence: this.shop(shopId).sequence + 1, updatedAt: this.now().toISOString() };
      this.of(shopId).products.put(changed.sku, changed);
      const view = productView(this.shop(shopId), changed);
      const { sku, price, available } = view;
      const data =
        type === 'price.updated'
          ? { sku, price }
          : type === 'stock.updated'
            ? { sku, available }
            : { ...view };
      this.emit(shopId, type, data);
    }
    return changed;
  }

  /** Sends one event with the shop's next sequence number. */
  emit(shopId: string, type: ShopEventType, data: Record<string, unknown>): void {
    const shop = this.shop(shopId);
    const sequence = shop.sequence + 1;
    this.save({ ...shop, sequence });
    const event = { id: newId('evt'), type, occurredAt: this.now().toISOString(), sequence, data };
    this.webhooks.send({
      url: shop.webhookUrl,
      body: JSON.stringify(event),
      signer: SIGNER,
      key: shop.webhookSecret,
      lane: `shop:${shopId}`,
    });
  }
}
