import {
  decimalsOf,
  money,
  type Money,
  type ProductPage,
  type ReservationResult,
  type ReservationStatus,
  type Short,
  type StoreFulfilment,
  type StoreOrder,
  type StoreProduct,
} from '#core/catalog';
import { isCardNumberId, spelledId, unspelledId } from '#core/messaging';
import {
  FieldError,
  flag,
  list,
  mark,
  object,
  oneOf,
  optional,
  prose,
  text,
  time,
  whole,
  type Json,
} from '#rest';

/** What Vendure answers into ours, and back. Each throws FieldError naming the field that is wrong. */

const LONGEST_SKU = 100;
const TITLE = 200;
/** Of a product's description, so much is kept: nothing that we send has room for more. */
const DESCRIPTION = 2_000;
const MOST_PIECES = 1e9;
const HIGHEST_AMOUNT = 1e12;
/** Products of this facet are sold only in the countries that are its values. */
const SOLD_IN = 'sold-in';
const NO_CATEGORY = { id: 'other', title: 'Other' };

/** How the shop counts. */
export interface Shop {
  currency: string;
  /** Decimals of its amounts, which are the same for every currency. */
  moneyPrecision: number;
  /** ISO 3166-1 alpha-2: where it delivers. */
  countries: string[];
}

/** A product with what is needed to sell it. */
export interface Offer extends StoreProduct {
  variantId: string;
  /** In stock and not held: `available` of the product counts held pieces too. */
  free: number;
}

export function toShop(value: unknown): Shop {
  const raw = object(value, 'wacoShop');
  return {
    currency: toCurrency(raw.currency, 'wacoShop.currency'),
    moneyPrecision: whole(raw.moneyPrecision, 'wacoShop.moneyPrecision', 0, 6),
    countries: list(raw.countries, 'wacoShop.countries', toCountry, 300),
  };
}

/** As it is kept here: {@link asNamed} gives it back its name. */
export function toSku(value: unknown, path: string): string {
  return spelledId(text(value, path, LONGEST_SKU));
}

/** A line with its goods as the shop names them. */
export function asNamed<L extends { sku: string }>(line: L): L {
  return { ...line, sku: unspelledId(line.sku) };
}

export function toPieces(value: unknown, path: string): number {
  return Math.min(whole(value, path), MOST_PIECES);
}

/** Our own, which is no card number. */
export function toOrderRef(value: unknown, path: string): string {
  const ref = text(value, path, 128);
  if (isCardNumberId(ref)) throw new FieldError(path, 'must be an order reference');
  return ref;
}

export function toCurrency(value: unknown, path: string): string {
  const currency = text(value, path, 3);
  if (!/^[A-Z]{3}$/.test(currency)) throw new FieldError(path, 'must be an ISO 4217 currency');
  return currency;
}

/** Vendure's amount, which has `precision` decimals whatever its currency. */
export function toMoney(value: unknown, path: string, currency: string, precision: number): Money {
  const amount = whole(value, path, 0, HIGHEST_AMOUNT);
  const minor = shifted(amount, decimalsOf(currency) - precision);
  if (minor === undefined) throw new FieldError(path, `must have no more decimals than ${currency}`);
  return money(minor, currency);
}

/** The amount as Vendure counts it; undefined when it has more decimals than the shop. */
export function toAmount({ minor, currency }: Money, precision: number): number | undefined {
  return shifted(minor, precision - decimalsOf(currency));
}

function shifted(amount: number, decimals: number): number | undefined {
  const result = decimals >= 0 ? amount * 10 ** decimals : amount / 10 ** -decimals;
  return Number.isSafeInteger(result) ? result : undefined;
}

export function toPage(data: Json, most: number): ProductPage {
  const shop = toShop(data.wacoShop);
  const page = object(data.wacoChangedProducts, 'wacoChangedProducts');
  return {
    products: list(page.items, 'items', (v, p) => toProduct(toOffer(v, p, shop)), most),
    nextCursor: optional(page.next, 'next', (v, p) => text(v, p, 1_000)) ?? null,
  };
}

export function toOffers(data: Json, most: number): { shop: Shop; offers: Offer[] } {
  const shop = toShop(data.wacoShop);
  return { shop, offers: list(data.wacoProducts, 'wacoProducts', (v, p) => toOffer(v, p, shop), most) };
}

function toProduct(offer: Offer): StoreProduct {
  const { sku, title, description, category, imageUrl, price, available, regions } = offer;
  const { sequence, updatedAt, deleted } = offer;
  return {
    ...{ sku, title, description, category, imageUrl, price, available, regions },
    ...{ sequence, updatedAt, deleted },
  };
}

function toOffer(value: unknown, path: string, shop: Shop): Offer {
  const raw = object(value, path);
  const known = {
    sku: toSku(raw.sku, `${path}.sku`),
    variantId: text(raw.variantId, `${path}.variantId`, 255),
    sequence: whole(raw.sequence, `${path}.sequence`),
    updatedAt: time(raw.changedAt, `${path}.changedAt`),
  };
  if (flag(raw.gone, `${path}.gone`)) {
    return {
      ...known,
      title: cut(text(raw.title, `${path}.title`), TITLE),
      description: '',
      category: NO_CATEGORY,
      imageUrl: null,
      price: toMoney(raw.price, `${path}.price`, shop.currency, shop.moneyPrecision),
      available: 0,
      free: 0,
      regions: null,
      deleted: true,
    };
  }
  const variant = object(raw.variant, `${path}.variant`);
  const product = object(variant.product, `${path}.variant.product`);
  const { currency, moneyPrecision } = shop;
  oneOf(variant.currencyCode, `${path}.variant.currencyCode`, [currency]);
  return {
    ...known,
    title: cut(prose(variant.name, `${path}.variant.name`) || known.sku, TITLE),
    description: plain(prose(product.description, `${path}.variant.product.description`, 200_000)),
    category: toCategory(product.collections, `${path}.variant.product.collections`),
    imageUrl: toImage(variant.featuredAsset) ?? toImage(product.featuredAsset) ?? null,
    price: toMoney(variant.priceWithTax, `${path}.variant.priceWithTax`, currency, moneyPrecision),
    available: toPieces(raw.stock, `${path}.stock`),
    free: toPieces(raw.available, `${path}.available`),
    regions: toRegions(product.facetValues, `${path}.variant.product.facetValues`),
    deleted: false,
  };
}

/** The first of the shop's collections that it is in. */
function toCategory(value: unknown, path: string): StoreProduct['category'] {
  const [first] = list(value, path, (v, p) => {
    const raw = object(v, p);
    return { id: text(raw.id, `${p}.id`, 200), title: cut(text(raw.name, `${p}.name`), TITLE) };
  });
  return first ?? NO_CATEGORY;
}

function toRegions(value: unknown, path: string): string[] | null {
  const regions = list(value, path, (v, p) => {
    const raw = object(v, p);
    const facet = text(object(raw.facet, `${p}.facet`).code, `${p}.facet.code`);
    return facet === SOLD_IN ? [toCountry(raw.code, `${p}.code`)] : [];
  }).flat();
  return regions.length > 0 ? regions : null;
}

function toCountry(value: unknown, path: string): string {
  const code = text(value, path, 50).toUpperCase();
  if (!/^[A-Z]{2}$/.test(code)) throw new FieldError(path, 'must be an ISO 3166-1 alpha-2 code');
  return code;
}

/** A shop without an asset server gives a path, which leads nowhere from a chat. */
function toImage(asset: unknown): string | undefined {
  const address = optional(asset, 'featuredAsset', (v, p) => object(v, p).preview);
  if (typeof address !== 'string' || address.length > 2_000) return undefined;
  return /^https?:\/\/[^\s]+$/i.test(address) && URL.canParse(address) ? address : undefined;
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: ' ', '#39': "'" };

/** Vendure's descriptions are HTML. */
function plain(html: string): string {
  const words = html
    .replace(/<(br|\/p|\/li|\/h\d)[^>]*>/gi, '\n')
    .replace(/<[^>]*>/g, '')
    .replace(/&(amp|lt|gt|quot|nbsp|#39);/g, (_, name: string) => ENTITIES[name]!)
    .replace(/\n{3,}/g, '\n\n')
    .trim();
  return cut(words, DESCRIPTION);
}

/** Never in the middle of a character: half of one cannot be stored. */
function cut(words: string, longest: number): string {
  return words.slice(0, longest).replace(/[\uD800-\uDBFF]$/, '');
}

/** What the cheapest way costs; undefined when the shop delivers nothing there. */
export function toShipping(data: Json, { currency, moneyPrecision }: Shop): Money | undefined {
  const path = 'testEligibleShippingMethods';
  const prices = list(data[path], path, (v, p) =>
    toMoney(object(v, p).priceWithTax, `${p}.priceWithTax`, currency, moneyPrecision),
  );
  return prices.sort((a, b) => a.minor - b.minor)[0];
}

const HOLD_STATES = ['held', 'released', 'committed', 'expired', 'unknown', 'short', 'key_reused'] as const;

export interface Hold {
  state: (typeof HOLD_STATES)[number];
  reservationId: string;
  expiresAt: string;
  short: Short[];
}

export function toHold(data: Json): Hold {
  const raw = object(data.hold, 'hold');
  return {
    state: oneOf(raw.state, 'hold.state', HOLD_STATES),
    reservationId: optional(raw.id, 'hold.id', (v, p) => text(v, p, 255)) ?? '',
    expiresAt: optional(raw.expiresAt, 'hold.expiresAt', time) ?? '',
    short: toShort(raw.short, 'hold.short'),
  };
}

/** @param allowed the states after which the call has had its effect, now or before */
export function toReservation(data: Json, allowed: readonly ReservationStatus[]): ReservationResult {
  const { state, reservationId, expiresAt } = toHold(data);
  if (state === 'unknown') return { outcome: 'gone', status: state };
  if (state === 'short' || state === 'key_reused') throw new FieldError('hold.state', 'must be of a hold');
  if (!allowed.includes(state)) return { outcome: 'gone', status: state };
  return { outcome: 'ok', reservationId, status: state, expiresAt };
}

export function toShort(value: unknown, path: string): Short[] {
  return list(value, path, (v, p) => {
    const raw = object(v, p);
    return {
      sku: toSku(raw.sku, `${p}.sku`),
      requested: toPieces(raw.requested, `${p}.requested`),
      available: toPieces(raw.available, `${p}.available`),
    };
  });
}

const ORDER_STATUS: Record<string, StoreOrder['status']> = {
  PaymentAuthorized: 'paid',
  PaymentSettled: 'paid',
  PartiallyShipped: 'shipped',
  Shipped: 'shipped',
  PartiallyDelivered: 'shipped',
  Delivered: 'delivered',
  Cancelled: 'cancelled',
};
const FULFILMENT_STATUS: Record<string, StoreFulfilment['status']> = {
  Created: 'created',
  Pending: 'created',
  Shipped: 'shipped',
  Delivered: 'delivered',
};

export function toOrder(value: unknown, path: string, expectedRef: string): StoreOrder {
  const raw = object(value, path);
  const orderRef = toOrderRef(object(raw.customFields, `${path}.customFields`).wacoRef, `${path}.wacoRef`);
  if (orderRef !== expectedRef) throw new FieldError(`${path}.wacoRef`, `must be ${expectedRef}, as asked`);
  const parcels = list(raw.fulfillments ?? [], `${path}.fulfillments`, toFulfilment, 100).flat();
  // A shop may have states of its own: it is at work on the order then.
  const status = ORDER_STATUS[text(raw.state, `${path}.state`, 100)] ?? 'processing';
  return {
    orderRef,
    orderId: mark(raw.id, `${path}.id`),
    number: text(raw.code, `${path}.code`, 100),
    status: status === 'paid' && parcels.length > 0 ? 'processing' : status,
    createdAt: time(raw.orderPlacedAt ?? raw.createdAt, `${path}.orderPlacedAt`),
    fulfilments: parcels,
  };
}

/** None for a parcel that was cancelled: there is no such parcel any more. */
function toFulfilment(value: unknown, path: string): StoreFulfilment[] {
  const raw = object(value, path);
  const status = FULFILMENT_STATUS[text(raw.state, `${path}.state`, 100)];
  if (!status) return [];
  return [
    {
      fulfilmentId: mark(raw.id, `${path}.id`),
      status,
      ...toTracking(raw.method, raw.trackingCode, path),
      updatedAt: time(raw.updatedAt, `${path}.updatedAt`),
    },
  ];
}

/** Vendure's people may leave both empty; it knows no address to follow a parcel at. */
export function toTracking(
  method: unknown,
  code: unknown,
  path: string,
): { carrier: string; trackingCode: string } {
  const said = (value: unknown, field: string): string =>
    prose(value ?? '', `${path}.${field}`, 200).trim() || '-';
  return { carrier: said(method, 'method'), trackingCode: said(code, 'trackingCode') };
}
