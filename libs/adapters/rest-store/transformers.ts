import type {
  CartLine,
  ProductPage,
  Quote,
  QuoteLine,
  ReservationStatus,
  Short,
  Shortage,
  StoreFulfilment,
  StoreOrder,
  StoreProduct,
} from '#core/catalog';
import { maskCardNumbers, spelledId } from '#core/messaging';
import {
  FieldError,
  flag,
  list,
  mark,
  matching,
  moneyIn,
  object,
  oneOf,
  optional,
  prose,
  text,
  time,
  toCurrency,
  toMoney,
  toOrderRef,
  whole,
} from '#rest';

/** The store contract's shapes into ours. Each throws FieldError naming the field that breaks the contract. */

const SHORTAGES = [
  'out_of_stock',
  'insufficient_stock',
  'not_sold_in_region',
  'unknown_sku',
] as const satisfies readonly Shortage[];
const RESERVATION_STATUSES = [
  'held',
  'released',
  'committed',
  'expired',
] as const satisfies readonly ReservationStatus[];
export const ORDER_STATUSES = ['paid', 'processing', 'shipped', 'delivered', 'cancelled'] as const;
const FULFILMENT_STATUSES = ['created', 'shipped', 'out_for_delivery', 'delivered', 'failed'] as const;

const LONGEST_SKU = 100;
/** Of a product's description, so much is kept: nothing that we send has room for more. */
const DESCRIPTION = 2_000;
const MOST_PIECES = 1e9;
/** There are fewer countries. */
const MOST_REGIONS = 300;

/** As it is kept here: `asNamed` of the adapter gives it back its name. */
export function toSku(value: unknown, path: string): string {
  return spelledId(text(value, path, LONGEST_SKU));
}

/** Shops say "as many as you like" with the highest number that they know. */
export function toPieces(value: unknown, path: string): number {
  return Math.min(whole(value, path), MOST_PIECES);
}

export function toProduct(value: unknown, path: string): StoreProduct {
  const raw = object(value, path);
  const category = object(raw.category, `${path}.category`);
  const region = (v: unknown, p: string): string =>
    matching(v, p, /^[A-Z]{2}$/, 'an ISO 3166-1 alpha-2 code');
  return {
    sku: toSku(raw.sku, `${path}.sku`),
    title: text(raw.title, `${path}.title`, 200),
    description: prose(raw.description, `${path}.description`).slice(0, DESCRIPTION),
    category: {
      id: text(category.id, `${path}.category.id`, 200),
      title: text(category.title, `${path}.category.title`, 200),
    },
    imageUrl: optional(raw.imageUrl, `${path}.imageUrl`, toWebAddress) ?? null,
    price: toMoney(raw.price, `${path}.price`),
    available: toPieces(raw.available, `${path}.available`),
    regions: raw.regions === null ? null : list(raw.regions, `${path}.regions`, region, MOST_REGIONS),
    sequence: whole(raw.sequence, `${path}.sequence`),
    updatedAt: time(raw.updatedAt, `${path}.updatedAt`),
    deleted: flag(raw.deleted, `${path}.deleted`),
  };
}

/** @param most as many products as were asked for */
export function toProductPage(value: unknown, most: number): ProductPage {
  const raw = object(value, 'answer');
  return {
    products: list(raw.products, 'products', toProduct, most),
    nextCursor: optional(raw.nextCursor, 'nextCursor', (v, p) => text(v, p, 4_000)) ?? null,
  };
}

/** Besides its shape, a quote must answer exactly the lines that were asked, and its sums must be right. */
export function toQuote(value: unknown, asked: readonly CartLine[]): Quote {
  const raw = object(value, 'answer');
  const currency = toCurrency(raw.currency, 'currency');
  const lines = list(raw.lines, 'lines', (v, p) => toQuoteLine(v, p, currency));
  if (lines.length !== asked.length) throw new FieldError('lines', `must be ${asked.length} lines, as asked`);
  asked.forEach((line, i) => {
    if (lines[i]!.sku !== line.sku) throw new FieldError(`lines[${i}].sku`, `must be ${line.sku}, as asked`);
    if (lines[i]!.quantity !== line.quantity) {
      throw new FieldError(`lines[${i}].quantity`, `must be ${line.quantity}, as asked`);
    }
  });
  const tax = moneyIn(currency, raw.tax, 'tax');
  const shipping = moneyIn(currency, raw.shipping, 'shipping');
  const total = moneyIn(currency, raw.total, 'total');
  const goods = lines.reduce((sum, l) => sum + (l.reason ? 0 : l.unitPrice.minor * l.quantity), 0);
  const expected = goods + tax.minor + shipping.minor;
  if (total.minor !== expected)
    throw new FieldError('total.minor', `must be ${expected}, the sum of its parts`);
  return {
    source: 'live',
    quotedAt: time(raw.quotedAt, 'quotedAt'),
    validUntil: time(raw.expiresAt, 'expiresAt'),
    currency,
    lines,
    tax,
    shipping,
    total,
  };
}

function toQuoteLine(value: unknown, path: string, currency: string): QuoteLine {
  const raw = object(value, path);
  const reason = optional(raw.reason, `${path}.reason`, (v, p) => oneOf(v, p, SHORTAGES));
  return {
    sku: toSku(raw.sku, `${path}.sku`),
    title: text(raw.title, `${path}.title`, 200),
    quantity: whole(raw.quantity, `${path}.quantity`, 1, MOST_PIECES),
    unitPrice: moneyIn(currency, raw.unitPrice, `${path}.unitPrice`),
    available: toPieces(raw.available, `${path}.available`),
    maxQuantity: toPieces(raw.maxQuantity, `${path}.maxQuantity`),
    ...(reason && { reason }),
  };
}

export function toReservation(value: unknown): {
  reservationId: string;
  status: ReservationStatus;
  expiresAt: string;
} {
  const raw = object(value, 'answer');
  return {
    reservationId: text(raw.reservationId, 'reservationId', 255),
    status: oneOf(raw.status, 'status', RESERVATION_STATUSES),
    expiresAt: time(raw.expiresAt, 'expiresAt'),
  };
}

/** `short` of a 409 `insufficient_stock`. */
export function toShort(value: unknown): Short[] {
  return list(object(value, 'answer').short, 'short', (v, p) => {
    const raw = object(v, p);
    return {
      sku: toSku(raw.sku, `${p}.sku`),
      requested: toPieces(raw.requested, `${p}.requested`),
      available: toPieces(raw.available, `${p}.available`),
    };
  });
}

/** `reservationStatus` of a 409 `reservation_conflict`. */
export function toReservationStatus(value: unknown): ReservationStatus {
  return oneOf(object(value, 'answer').reservationStatus, 'reservationStatus', RESERVATION_STATUSES);
}

/** `orderStatus` of a 409 `order_conflict`. */
export function toOrderStatus(value: unknown): StoreOrder['status'] {
  return oneOf(object(value, 'answer').orderStatus, 'orderStatus', ORDER_STATUSES);
}

export function toOrder(value: unknown, expectedRef: string): StoreOrder {
  const raw = object(value, 'answer');
  const orderRef = toOrderRef(raw.orderRef, 'orderRef');
  if (orderRef !== expectedRef) throw new FieldError('orderRef', `must be ${expectedRef}, as asked`);
  return {
    orderRef,
    orderId: mark(raw.orderId, 'orderId'),
    number: text(raw.number, 'number', 100),
    status: oneOf(raw.status, 'status', ORDER_STATUSES),
    createdAt: time(raw.createdAt, 'createdAt'),
    fulfilments: list(raw.fulfilments, 'fulfilments', toFulfilment),
  };
}

function toFulfilment(value: unknown, path: string): StoreFulfilment {
  const raw = object(value, path);
  const eta = optional(raw.eta, `${path}.eta`, time);
  const reason = optional(raw.reason, `${path}.reason`, (v, p) => prose(v, p, 1_000));
  return {
    fulfilmentId: mark(raw.fulfilmentId, `${path}.fulfilmentId`),
    status: oneOf(raw.status, `${path}.status`, FULFILMENT_STATUSES),
    carrier: text(raw.carrier, `${path}.carrier`, 200),
    trackingCode: text(raw.trackingCode, `${path}.trackingCode`, 200),
    ...toTrackingUrl(raw.trackingUrl, `${path}.trackingUrl`),
    ...(eta && { eta }),
    ...(reason && { reason }),
    updatedAt: time(raw.updatedAt, `${path}.updatedAt`),
  };
}

/** Without one that a card number was put into: masked, it would lead nowhere. */
export function toTrackingUrl(value: unknown, path: string): { trackingUrl?: string } {
  const trackingUrl = toWebAddress(value, path);
  return maskCardNumbers(trackingUrl).found ? {} : { trackingUrl };
}

/** http or https only: these addresses end up as links in a chat. */
export function toWebAddress(value: unknown, path: string): string {
  const address = text(value, path, 2_000);
  if (!/^https?:\/\/[^\s]+$/i.test(address) || !URL.canParse(address)) {
    throw new FieldError(path, 'must be an http or https address');
  }
  return address;
}
