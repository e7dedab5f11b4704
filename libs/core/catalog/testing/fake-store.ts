import { cleared, type Cleared } from '#core/messaging';
import { PortError } from '#core/tenancy';
import { addMoney, money, timesMoney } from '../money.js';
import type {
  CancelOrderResult,
  GetOrderResult,
  OrderRequest,
  PlaceOrderResult,
  ProductPage,
  ReservationResult,
  ReservationStatus,
  ReserveResult,
  Short,
  StoreOrder,
  StorePort,
  StoreProduct,
} from '../ports/store.port.js';
import type { CartLine, Quote, QuoteLine } from '../quote.js';

interface Reservation {
  reservationId: string;
  status: ReservationStatus;
  lines: CartLine[];
  expiresAt: number;
}

const PAGE = 3;
const QUOTE_LIVES_MS = 600_000;

/** A shop in memory. It keeps the promises that `describeStoreContract` checks, and fails when told to. */
export class FakeStore implements StorePort {
  readonly products = new Map<string, StoreProduct>();
  private readonly reservations = new Map<string, Reservation>();
  private readonly orders = new Map<string, { content: string; order: StoreOrder; lines: CartLine[] }>();
  private readonly answers = new Map<string, { request: string; result: unknown }>();
  private readonly failures: PortError[] = [];
  private sequence = 0;
  private ids = 0;

  constructor(
    private readonly now: () => Date,
    private readonly region: string,
    readonly currency: string,
  ) {}

  /** Adds or changes a product, as the shop's own people would. */
  put(product: Omit<StoreProduct, 'sequence' | 'updatedAt'>): StoreProduct {
    const changed = { ...product, sequence: ++this.sequence, updatedAt: this.now().toISOString() };
    this.products.set(product.sku, changed);
    return changed;
  }

  /** The next calls fail with these, one each. */
  failWith(...errors: PortError[]): void {
    this.failures.push(...errors);
  }

  async listProducts(query: { updatedSince?: string; cursor?: string }): Promise<Cleared<ProductPage>> {
    this.begin();
    const position = (p: StoreProduct): string => `${p.updatedAt}|${p.sku}`;
    const rows = [...this.products.values()]
      .filter((p) => p.updatedAt >= (query.updatedSince ?? '') && position(p) > (query.cursor ?? ''))
      .sort((a, b) => (position(a) < position(b) ? -1 : 1));
    const products = rows.slice(0, PAGE);
    return cleared({ products, nextCursor: rows.length > PAGE ? position(products.at(-1)!) : null });
  }

  async quote(lines: CartLine[], region = this.region): Promise<Cleared<Quote>> {
    this.begin();
    const promised = new Map<string, number>();
    const quoted = lines.map((line) => this.quoteLine(line, region, promised));
    const nothing = money(0, this.currency);
    const sellable = quoted.filter((l) => !l.reason);
    return cleared<Quote>({
      source: 'live',
      quotedAt: this.now().toISOString(),
      validUntil: new Date(this.now().getTime() + QUOTE_LIVES_MS).toISOString(),
      currency: this.currency,
      lines: quoted,
      tax: nothing,
      shipping: nothing,
      total: sellable.reduce((sum, l) => addMoney(sum, timesMoney(l.unitPrice, l.quantity)), nothing),
    });
  }

  async reserve(request: {
    orderRef: string;
    lines: CartLine[];
    ttlSeconds: number;
    idempotencyKey: string;
  }): Promise<ReserveResult> {
    this.begin();
    return this.once(request.idempotencyKey, request, (): ReserveResult => {
      const short = this.shortages(request.lines);
      if (short.length > 0) return { outcome: 'short', short };
      this.move(request.lines, -1);
      const reservationId = `res_${++this.ids}`;
      const expiresAt = this.now().getTime() + request.ttlSeconds * 1_000;
      this.reservations.set(reservationId, {
        reservationId,
        status: 'held',
        lines: request.lines,
        expiresAt,
      });
      return { outcome: 'held', reservationId, expiresAt: new Date(expiresAt).toISOString() };
    });
  }

  async extend(reservationId: string, ttlSeconds: number): Promise<ReservationResult> {
    return this.onReservation(reservationId, ['held'], (r) => {
      r.expiresAt = Math.max(r.expiresAt, this.now().getTime() + ttlSeconds * 1_000);
    });
  }

  async release(reservationId: string): Promise<ReservationResult> {
    return this.onReservation(reservationId, ['held', 'released', 'expired'], (r) => {
      if (r.status !== 'held') return;
      this.move(r.lines, 1);
      r.status = 'released';
    });
  }

  async commit(reservationId: string): Promise<ReservationResult> {
    return this.onReservation(reservationId, ['held', 'committed'], (r) => {
      r.status = 'committed';
    });
  }

  async placeOrder(request: OrderRequest, idempotencyKey: string): Promise<Cleared<PlaceOrderResult>> {
    this.begin();
    const write = (): PlaceOrderResult => {
      const content = JSON.stringify(request);
      const existing = this.orders.get(request.orderRef);
      if (existing && existing.content !== content) {
        throw new PortError('rejected', 'order_exists', 'there is another order with this reference');
      }
      if (existing) return { outcome: 'placed', order: existing.order };
      const reservation = this.reservations.get(request.reservationId);
      if (reservation?.status === 'held') {
        reservation.status = 'committed';
      } else {
        const short = this.shortages(request.lines);
        if (short.length > 0) return { outcome: 'gone', short };
        this.move(request.lines, -1);
      }
      const order: StoreOrder = {
        orderRef: request.orderRef,
        orderId: `so_${++this.ids}`,
        number: String(1000 + this.ids),
        status: 'paid',
        createdAt: this.now().toISOString(),
        fulfilments: [],
      };
      this.orders.set(request.orderRef, { content, order, lines: request.lines });
      return { outcome: 'placed', order };
    };
    return cleared(this.once(idempotencyKey, request, write));
  }

  async getOrder(orderRef: string): Promise<Cleared<GetOrderResult>> {
    this.begin();
    const known = this.orders.get(orderRef);
    return cleared<GetOrderResult>(known ? { outcome: 'found', order: known.order } : { outcome: 'unknown' });
  }

  async cancelOrder(orderRef: string): Promise<Cleared<CancelOrderResult>> {
    this.begin();
    const known = this.orders.get(orderRef);
    if (!known) return cleared({ outcome: 'unknown' });
    const { order, lines } = known;
    if (order.status === 'shipped' || order.status === 'delivered') {
      return cleared({ outcome: 'too_late', status: order.status });
    }
    if (order.status !== 'cancelled') {
      this.move(lines, 1);
      known.order = { ...order, status: 'cancelled' };
    }
    return cleared({ outcome: 'cancelled', order: known.order });
  }

  /** What the courier does, as far as it matters here. */
  ship(orderRef: string): void {
    const known = this.orders.get(orderRef)!;
    known.order = { ...known.order, status: 'shipped' };
  }

  private begin(): void {
    const failure = this.failures.shift();
    if (failure) throw failure;
    for (const r of this.reservations.values()) {
      if (r.status !== 'held' || r.expiresAt > this.now().getTime()) continue;
      this.move(r.lines, 1);
      r.status = 'expired';
    }
  }

  private once<T>(key: string, request: object, work: () => T): T {
    const text = JSON.stringify(request);
    const known = this.answers.get(key);
    if (known && known.request !== text) {
      throw new PortError('rejected', 'idempotency_key_reused', 'the key was used with another body');
    }
    if (known) return known.result as T;
    const result = work();
    this.answers.set(key, { request: text, result });
    return result;
  }

  private onReservation(
    id: string,
    allowed: ReservationStatus[],
    work: (r: Reservation) => void,
  ): ReservationResult {
    this.begin();
    const reservation = this.reservations.get(id);
    if (!reservation) return { outcome: 'gone', status: 'unknown' };
    if (!allowed.includes(reservation.status)) return { outcome: 'gone', status: reservation.status };
    work(reservation);
    const { reservationId, status, expiresAt } = reservation;
    return { outcome: 'ok', reservationId, status, expiresAt: new Date(expiresAt).toISOString() };
  }

  private shortages(lines: readonly CartLine[]): Short[] {
    const wanted = new Map<string, number>();
    for (const { sku, quantity } of lines) wanted.set(sku, (wanted.get(sku) ?? 0) + quantity);
    return [...wanted].flatMap(([sku, requested]) => {
      const available = this.products.get(sku)?.available ?? 0;
      return requested > available ? [{ sku, requested, available }] : [];
    });
  }

  private move(lines: readonly CartLine[], sign: 1 | -1): void {
    for (const { sku, quantity } of lines) {
      const product = this.products.get(sku)!;
      this.put({ ...product, available: product.available + sign * quantity });
    }
  }

  private quoteLine({ sku, quantity }: CartLine, region: string, promised: Map<string, number>): QuoteLine {
    const product = this.products.get(sku);
    if (!product || product.deleted) {
      const unitPrice = money(0, this.currency);
      return { sku, title: sku, quantity, unitPrice, available: 0, maxQuantity: 0, reason: 'unknown_sku' };
    }
    const { title, price: unitPrice, available, regions } = product;
    const soldHere = regions === null || regions.includes(region);
    const base = { sku, title, quantity, unitPrice, available, maxQuantity: soldHere ? available : 0 };
    if (!soldHere) return { ...base, reason: 'not_sold_in_region' };
    if (available === 0) return { ...base, reason: 'out_of_stock' };
    const taken = promised.get(sku) ?? 0;
    if (taken + quantity > available) return { ...base, reason: 'insufficient_stock' };
    promised.set(sku, taken + quantity);
    return base;
  }
}
