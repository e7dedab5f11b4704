import type {
  CancelOrderResult,
  CartLine,
  GetOrderResult,
  OrderRequest,
  PlaceOrderResult,
  ProductPage,
  Quote,
  ReservationResult,
  ReserveResult,
  StorePort,
} from '#core/catalog';
import { cleared, unspelledId, type Cleared } from '#core/messaging';
import { callRest, FieldError, malformed, type RestAnswer, type RestCall, type RestConnection } from '#rest';
import {
  toOrder,
  toOrderStatus,
  toProductPage,
  toQuote,
  toReservation,
  toReservationStatus,
  toShort,
} from './transformers.js';

const PAGE = 200;

export type StoreConnectionOptions = Omit<RestConnection, 'userAgent'>;

/** Any shop that speaks the store contract (store-contract.openapi.yaml). */
export class RestStore implements StorePort {
  private readonly connection: RestConnection;

  constructor(options: StoreConnectionOptions) {
    this.connection = { ...options, userAgent: 'waco-store-adapter/1' };
  }

  async listProducts({
    updatedSince,
    cursor,
  }: {
    updatedSince?: string;
    cursor?: string;
  }): Promise<Cleared<ProductPage>> {
    const query = new URLSearchParams({ limit: String(PAGE) });
    if (updatedSince) query.set('updated_since', updatedSince);
    if (cursor) query.set('cursor', cursor);
    return this.call(
      { method: 'GET', path: `/v1/products?${query.toString()}`, list: true, writes: false },
      [],
      (a) => toProductPage(a.body, PAGE),
    );
  }

  async quote(lines: CartLine[], region?: string): Promise<Cleared<Quote>> {
    const asked = lines.map(({ sku, quantity }) => ({ sku, quantity }));
    const body = { ...(region && { region }), lines: asked.map(asNamed) };
    return this.call({ method: 'POST', path: '/v1/quote', body, writes: false }, [], (a) =>
      toQuote(a.body, asked),
    );
  }

  async reserve(request: {
    orderRef: string;
    lines: CartLine[];
    ttlSeconds: number;
    idempotencyKey: string;
  }): Promise<ReserveResult> {
    const { orderRef, ttlSeconds, idempotencyKey } = request;
    const lines = request.lines.map(({ sku, quantity }) => asNamed({ sku, quantity }));
    const body = { orderRef, lines, ttlSeconds };
    return this.call(
      { method: 'POST', path: '/v1/reservations', body, idempotencyKey, writes: true },
      ['insufficient_stock'],
      (a) => {
        if (a.code) return { outcome: 'short', short: toShort(a.body) };
        const { reservationId, expiresAt } = toReservation(a.body);
        return { outcome: 'held', reservationId, expiresAt };
      },
    );
  }

  extend(reservationId: string, ttlSeconds: number): Promise<ReservationResult> {
    return this.reservation(reservationId, 'extend', { ttlSeconds });
  }

  release(reservationId: string): Promise<ReservationResult> {
    return this.reservation(reservationId, 'release');
  }

  commit(reservationId: string): Promise<ReservationResult> {
    return this.reservation(reservationId, 'commit');
  }

  async placeOrder(order: Cleared<OrderRequest>, idempotencyKey: string): Promise<Cleared<PlaceOrderResult>> {
    const body = {
      orderRef: order.orderRef,
      reservationId: order.reservationId,
      customer: order.customer,
      lines: order.lines.map(({ sku, quantity, unitPrice }) => asNamed({ sku, quantity, unitPrice })),
      total: order.total,
      payment: order.payment,
    };
    return this.call(
      { method: 'POST', path: '/v1/orders', body, idempotencyKey, writes: true },
      ['insufficient_stock'],
      (a) =>
        a.code
          ? { outcome: 'gone', short: toShort(a.body) }
          : { outcome: 'placed', order: toOrder(a.body, order.orderRef) },
    );
  }

  async getOrder(orderRef: string): Promise<Cleared<GetOrderResult>> {
    const path = `/v1/orders/${encodeURIComponent(orderRef)}`;
    return this.call({ method: 'GET', path, writes: false }, ['not_found'], (a) =>
      a.code ? { outcome: 'unknown' } : { outcome: 'found', order: toOrder(a.body, orderRef) },
    );
  }

  async cancelOrder(orderRef: string): Promise<Cleared<CancelOrderResult>> {
    const path = `/v1/orders/${encodeURIComponent(orderRef)}/cancel`;
    return this.call({ method: 'POST', path, writes: true }, ['order_conflict', 'not_found'], (a) => {
      if (a.code === 'not_found') return { outcome: 'unknown' };
      if (a.code) return { outcome: 'too_late', status: toOrderStatus(a.body) };
      return { outcome: 'cancelled', order: toOrder(a.body, orderRef) };
    });
  }

  private reservation(id: string, verb: string, body?: object): Promise<ReservationResult> {
    const path = `/v1/reservations/${encodeURIComponent(id)}/${verb}`;
    return this.call(
      { method: 'POST', path, body, writes: true },
      ['reservation_conflict', 'not_found'],
      (a): ReservationResult => {
        if (a.code === 'not_found') return { outcome: 'gone', status: 'unknown' };
        if (a.code) return { outcome: 'gone', status: toReservationStatus(a.body) };
        return { outcome: 'ok', ...toReservation(a.body) };
      },
    );
  }

  private async call<T>(
    call: RestCall,
    expected: string[],
    read: (answer: RestAnswer) => T,
  ): Promise<Cleared<T>> {
    const answer = await callRest(this.connection, call, expected);
    try {
      return cleared(read(answer));
    } catch (error) {
      if (error instanceof FieldError) throw malformed(call, error.message, error);
      throw error;
    }
  }
}

/** A line with its goods as the shop names them. */
function asNamed<L extends { sku: string }>(line: L): L {
  return { ...line, sku: unspelledId(line.sku) };
}
