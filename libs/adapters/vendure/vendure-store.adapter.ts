import {
  addMoney,
  money,
  timesMoney,
  type CancelOrderResult,
  type CartLine,
  type GetOrderResult,
  type Money,
  type OrderRequest,
  type PlaceOrderResult,
  type ProductPage,
  type Quote,
  type QuoteLine,
  type ReservationResult,
  type ReservationStatus,
  type ReserveResult,
  type Shortage,
  type StoreOrder,
  type StorePort,
} from '#core/catalog';
import { cleared, type Cleared } from '#core/messaging';
import { PortError } from '#core/tenancy';
import { VendureApi, type VendureConnection } from './api.js';
import type { Clock } from '#platform';
import { FieldError, list, malformedAnswer, object, oneOf, text, type Json } from '#rest';
import * as queries from './queries.js';
import type { Operation } from './queries.js';
import {
  asNamed,
  toAmount,
  toHold,
  toOffers,
  toOrder,
  toPage,
  toReservation,
  toShipping,
  toShop,
  toShort,
  type Offer,
  type Shop,
} from './transformers.js';

export interface VendureOptions extends VendureConnection {
  /** ISO 3166-1 alpha-2: where parcels go when nobody says where; without it the first country of the shop. */
  country?: string;
  /** Of quotes, which Vendure has not. */
  clock: Clock;
}

const PAGE = 100;
const QUOTE_LIVES_MS = 10 * 60_000;

/** A Vendure shop with the Waco plugin. What it promises is in README.md. */
export class VendureStore implements StorePort {
  private readonly api: VendureApi;

  constructor(private readonly options: VendureOptions) {
    this.api = new VendureApi(options);
  }

  async listProducts({
    updatedSince,
    cursor,
  }: {
    updatedSince?: string;
    cursor?: string;
  }): Promise<Cleared<ProductPage>> {
    const asked = { since: updatedSince, cursor, take: PAGE };
    return this.call(queries.LIST_PRODUCTS, asked, (data) => toPage(data, PAGE));
  }

  async quote(lines: CartLine[], region?: string): Promise<Cleared<Quote>> {
    const skus = [...new Set(lines.map((line) => asNamed(line).sku))];
    const { shop, offers } = await this.call(queries.READ_PRODUCTS, { skus }, (data) =>
      toOffers(data, skus.length),
    );
    const quoted = quoteLines(lines, offers, shop, region);
    const sellable = quoted.filter((line) => !line.reason);
    const none = money(0, shop.currency);
    const shipping = sellable.length > 0 ? await this.shipping(sellable, offers, shop, region) : none;
    if (!shipping) return cleared(quoteOf(quoted.map(notSold), none, this.options.clock.now()));
    return cleared(quoteOf(quoted, shipping, this.options.clock.now()));
  }

  async reserve(request: {
    orderRef: string;
    lines: CartLine[];
    ttlSeconds: number;
    idempotencyKey: string;
  }): Promise<ReserveResult> {
    const { orderRef, ttlSeconds, idempotencyKey: key } = request;
    const lines = request.lines.map(({ sku, quantity }) => asNamed({ sku, quantity }));
    const input = { key, orderRef, ttlSeconds, lines };
    const { state, reservationId, expiresAt, short } = await this.call(queries.HOLD_STOCK, { input }, toHold);
    if (state === 'held') return { outcome: 'held', reservationId, expiresAt };
    if (state === 'short') return { outcome: 'short', short };
    if (state === 'key_reused') {
      throw new PortError('rejected', 'idempotency_key_reused', 'hold: the key was used for something else');
    }
    throw malformedAnswer(queries.HOLD_STOCK, 'hold.state must be of a new hold');
  }

  extend(reservationId: string, ttlSeconds: number): Promise<ReservationResult> {
    return this.reservation(queries.EXTEND_HOLD, { id: reservationId, ttlSeconds }, ['held']);
  }

  release(reservationId: string): Promise<ReservationResult> {
    return this.reservation(queries.RELEASE_HOLD, { id: reservationId }, ['released', 'expired']);
  }

  commit(reservationId: string): Promise<ReservationResult> {
    return this.reservation(queries.COMMIT_HOLD, { id: reservationId }, ['committed']);
  }

  /** The shop knows the order by its `orderRef`, so that no key is needed. */
  async placeOrder(order: Cleared<OrderRequest>): Promise<Cleared<PlaceOrderResult>> {
    const { orderRef, reservationId, customer, payment, total } = order;
    const shop = await this.call(queries.READ_SHOP, {}, (data) => toShop(data.wacoShop));
    const amount = (value: Money): number => amountOf(value, shop);
    const input = {
      orderRef,
      holdId: reservationId,
      customer: { name: customer.name, phone: customer.phone },
      lines: order.lines.map((line) => ({
        ...asNamed({ sku: line.sku, quantity: line.quantity }),
        unitPrice: amount(line.unitPrice),
      })),
      countryCode: this.country(shop),
      total: amount(total),
      currency: total.currency,
      payment: { provider: payment.provider, reference: payment.reference, paidAt: payment.paidAt },
    };
    const placed = await this.call(queries.PLACE_ORDER, { input }, (data) => {
      const raw = object(data.wacoPlaceOrder, 'wacoPlaceOrder');
      const outcome = oneOf(raw.outcome, 'outcome', ['placed', 'exists', 'gone']);
      if (outcome === 'gone') return { outcome, short: toShort(raw.short, 'short') };
      if (outcome === 'exists') return { outcome };
      return { outcome, order: toOrder(raw.order, 'order', orderRef) };
    });
    if (placed.outcome === 'exists') {
      throw new PortError('rejected', 'order_exists', 'place order: there is another with this reference');
    }
    return cleared(placed);
  }

  async getOrder(orderRef: string): Promise<Cleared<GetOrderResult>> {
    const found = await this.find(orderRef);
    return cleared(found ? { outcome: 'found', order: found.order } : { outcome: 'unknown' });
  }

  async cancelOrder(orderRef: string): Promise<Cleared<CancelOrderResult>> {
    const before = await this.find(orderRef);
    if (!before) return cleared({ outcome: 'unknown' });
    const settled = cancelled(before.order);
    if (settled) return cleared(settled);
    const refusal = await this.call(queries.CANCEL_ORDER, { id: before.id }, (data) => {
      const { __typename: type, errorCode, message } = object(data.cancelOrder, 'cancelOrder');
      return type === 'Order' ? undefined : `${String(errorCode)}: ${String(message)}`;
    });
    // Somebody else may have cancelled or shipped it in between: the order says so.
    const after = (await this.find(orderRef))?.order;
    const result = after && cancelled(after);
    if (result) return cleared(result);
    throw new PortError('rejected', 'not_cancelled', `cancel order: ${refusal ?? 'it is not cancelled'}`);
  }

  /** Undefined when the shop delivers nothing to the region that was asked for. */
  private async shipping(
    lines: QuoteLine[],
    offers: Offer[],
    shop: Shop,
    region?: string,
  ): Promise<Money | undefined> {
    const input = {
      shippingAddress: { streetLine1: '-', countryCode: region ?? this.country(shop) },
      lines: lines.map((line) => ({
        productVariantId: offers.find((offer) => offer.sku === line.sku)!.variantId,
        quantity: line.quantity,
      })),
    };
    const shipping = await this.call(queries.READ_SHIPPING, { input }, (data) => toShipping(data, shop));
    if (!shipping && !region) {
      throw new PortError('misconfigured', 'no_shipping_method', 'shipping: no method of the shop applies');
    }
    return shipping;
  }

  private country({ countries }: Shop): string {
    const country = this.options.country ?? countries[0];
    if (country) return country;
    throw new PortError('misconfigured', 'no_country', 'shop: its default shipping zone has no country');
  }

  private async find(orderRef: string): Promise<{ id: string; order: StoreOrder } | undefined> {
    return this.call(queries.FIND_ORDER, { orderRef }, (data) => {
      const { items } = object(data.orders, 'orders');
      const [found] = list(items, 'orders.items', (v, p) => ({
        id: text(object(v, p).id, `${p}.id`, 255),
        order: toOrder(v, p, orderRef),
      }));
      return found;
    });
  }

  private reservation(
    operation: Operation,
    variables: object,
    allowed: ReservationStatus[],
  ): Promise<ReservationResult> {
    return this.call(operation, variables, (data) => toReservation(data, allowed));
  }

  private async call<T>(
    operation: Operation,
    variables: object,
    read: (data: Json) => T,
  ): Promise<Cleared<T>> {
    const data = await this.api.call(operation, variables);
    try {
      return cleared(read(data));
    } catch (error) {
      if (error instanceof FieldError) throw malformedAnswer(operation, error.message, error);
      throw error;
    }
  }
}

/** Each line as asked. Lines of one product share what is free of it. */
function quoteLines(asked: CartLine[], offers: Offer[], shop: Shop, region: string | undefined): QuoteLine[] {
  const taken = new Map<string, number>();
  return asked.map(({ sku, quantity }) => {
    const offer = offers.find((o) => o.sku === sku && !o.deleted);
    if (!offer) {
      const nothing = { unitPrice: money(0, shop.currency), available: 0, maxQuantity: 0 };
      return { sku, title: sku, quantity, ...nothing, reason: 'unknown_sku' };
    }
    const left = offer.free - (taken.get(sku) ?? 0);
    const reason = shortageOf(offer, quantity, left, region);
    if (!reason) taken.set(sku, (taken.get(sku) ?? 0) + quantity);
    return {
      sku,
      title: offer.title,
      quantity,
      unitPrice: offer.price,
      available: offer.free,
      maxQuantity: offer.free,
      ...(reason && { reason }),
      ...(offer.imageUrl && { imageUrl: offer.imageUrl }),
    };
  });
}

function shortageOf(
  { regions, free }: Offer,
  quantity: number,
  left: number,
  region: string | undefined,
): Shortage | undefined {
  if (region && regions && !regions.includes(region)) return 'not_sold_in_region';
  if (free === 0) return 'out_of_stock';
  return left < quantity ? 'insufficient_stock' : undefined;
}

function notSold(line: QuoteLine): QuoteLine {
  return line.reason ? line : { ...line, reason: 'not_sold_in_region' };
}

/** Prices are with tax, so that none is added. */
function quoteOf(lines: QuoteLine[], shipping: Money, now: Date): Quote {
  const { currency } = shipping;
  const goods = lines
    .filter((line) => !line.reason)
    .map((line) => timesMoney(line.unitPrice, line.quantity))
    .reduce(addMoney, money(0, currency));
  return {
    source: 'live',
    quotedAt: now.toISOString(),
    validUntil: new Date(now.getTime() + QUOTE_LIVES_MS).toISOString(),
    currency,
    lines,
    tax: money(0, currency),
    shipping,
    total: addMoney(goods, shipping),
  };
}

function cancelled(order: StoreOrder): CancelOrderResult | undefined {
  switch (order.status) {
    case 'cancelled':
      return { outcome: 'cancelled', order };
    case 'shipped':
    case 'delivered':
      return { outcome: 'too_late', status: order.status };
    case 'paid':
    case 'processing':
      return undefined;
  }
}

function amountOf(value: Money, { moneyPrecision }: Shop): number {
  const amount = toAmount(value, moneyPrecision);
  if (amount !== undefined) return amount;
  const rule = `place order: the shop has ${moneyPrecision} decimals, which is too few for ${value.currency}`;
  throw new PortError('misconfigured', 'money_precision', rule);
}
