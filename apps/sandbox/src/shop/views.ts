import type { Money, OrderDoc, ProductDoc, ReservationDoc, ShopDoc } from './shop.types.js';

/** What leaves the shop: the shapes of the store contract. */

export interface ProductView {
  sku: string;
  title: string;
  description: string;
  category: { id: string; title: string };
  imageUrl: string;
  price: Money;
  available: number;
  regions: string[] | null;
  sequence: number;
  updatedAt: string;
  deleted: boolean;
}

export function availableOf(product: ProductDoc): number {
  return product.deleted ? 0 : product.onHand - product.held;
}

export function productView(shop: ShopDoc, product: ProductDoc): ProductView {
  return {
    sku: product.sku,
    title: product.title,
    description: product.description,
    category: product.category,
    imageUrl: `${shop.publicUrl}/products/${product.sku}.svg`,
    price: { minor: product.priceMinor, currency: shop.currency },
    available: availableOf(product),
    regions: product.regions,
    sequence: product.sequence,
    updatedAt: product.updatedAt,
    deleted: product.deleted,
  };
}

export type PublicProductView = Pick<ProductView, 'sku' | 'title' | 'price' | 'imageUrl' | 'available'>;

/** What anyone may see of a product: for pages that show a product card. */
export function publicProductView(shop: ShopDoc, product: ProductDoc): PublicProductView {
  const { sku, title, price, imageUrl, available } = productView(shop, product);
  return { sku, title, price, imageUrl, available };
}

export type ReservationView = Pick<ReservationDoc, 'reservationId' | 'status' | 'expiresAt'>;

export function reservationView({ reservationId, status, expiresAt }: ReservationDoc): ReservationView {
  return { reservationId, status, expiresAt };
}

export type OrderView = Pick<
  OrderDoc,
  'orderRef' | 'orderId' | 'number' | 'status' | 'createdAt' | 'fulfilments'
>;

export function orderView(order: OrderDoc): OrderView {
  const { orderRef, orderId, number, status, createdAt, fulfilments } = order;
  return { orderRef, orderId, number, status, createdAt, fulfilments };
}
