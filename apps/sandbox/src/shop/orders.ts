import { Injectable } from '@nestjs/common';
import { newId } from '#platform';
import { Courier, type CourierEvent } from './courier.js';
import { canonicalJson } from './idempotency.js';
import { ShopBooks } from './shop-books.js';
import type { OrderContent, OrderDoc, OrderStatus, ShopDoc } from './shop.types.js';
import { Stock } from './stock.js';
import { StoreProblem } from './store-problem.js';
import { orderView } from './views.js';

/** The shop's orders: one for each `orderRef`, ever. */
@Injectable()
export class Orders {
  constructor(
    private readonly books: ShopBooks,
    private readonly stock: Stock,
    private readonly courier: Courier,
  ) {}

  /** Writes a paid order and takes its stock in the same step. `created` is false for a repeat of the same order. */
  create(shop: ShopDoc, content: OrderContent): { order: OrderDoc; created: boolean } {
    this.refuseForeignMoney(shop, content);
    const { orders, reservations } = this.books.of(shop.id);
    const existing = orders.get(content.orderRef);
    if (existing) {
      if (sameContent(existing, content)) return { order: existing, created: false };
      throw new StoreProblem(409, 'order_exists', 'There is another order with this reference', {
        order: orderView(existing),
      });
    }
    const reservation = reservations.get(content.reservationId);
    if (reservation && reservation.orderRef !== content.orderRef) {
      throw new StoreProblem(400, 'invalid_request', 'The request is not valid', {
        detail: 'reservationId: the reservation was made for another order',
      });
    }
    this.stock.take(shop.id, content.lines, content.reservationId);
    const current = this.books.shop(shop.id); // the caller's copy may be older than other orders
    const lastOrderNumber = current.lastOrderNumber + 1;
    this.books.save({ ...current, lastOrderNumber });
    const order: OrderDoc = {
      ...content,
      orderId: newId('so'),
      number: String(lastOrderNumber),
      status: 'paid',
      createdAt: this.books.now().toISOString(),
      fulfilments: [],
    };
    orders.put(order.orderRef, order);
    return { order, created: true };
  }

  /** @throws StoreProblem 404 when there is no such order. */
  get(shopId: string, orderRef: string): OrderDoc {
    const order = this.books.of(shopId).orders.get(orderRef);
    if (!order) throw new StoreProblem(404, 'not_found', 'No such order');
    return order;
  }

  cancel(shopId: string, orderRef: string): OrderDoc {
    const order = this.get(shopId, orderRef);
    if (order.status === 'cancelled') return order;
    if (order.status === 'shipped' || order.status === 'delivered') {
      throw orderConflict('The order can no longer be cancelled', order.status);
    }
    this.stock.putBack(shopId, order.lines);
    return this.setStatus(shopId, order, 'cancelled');
  }

  /** One step of an order's parcel, with the events that tell about it. Repeating the last step changes nothing. */
  courierStep(shop: ShopDoc, orderRef: string, event: CourierEvent, reason?: string): OrderDoc {
    const order = this.get(shop.id, orderRef);
    if (order.status === 'cancelled') throw orderConflict('The order is cancelled', order.status);
    const step = this.courier.step(shop, order, event, this.books.now(), reason);
    if (step.outcome === 'impossible') throw orderConflict(step.why, order.status);
    if (step.outcome === 'unchanged') return order;
    const { updatedAt: _updatedAt, status: _status, ...facts } = step.fulfilment;
    const changed = { ...order, fulfilments: step.fulfilments };
    this.books.of(shop.id).orders.put(orderRef, changed);
    this.books.emit(shop.id, `fulfilment.${event}`, { orderRef, ...facts });
    return this.setStatus(shop.id, changed, step.orderStatus);
  }

  private setStatus(shopId: string, order: OrderDoc, status: OrderStatus): OrderDoc {
    if (order.status === status) return order;
    const changed = { ...order, status };
    this.books.of(shopId).orders.put(order.orderRef, changed);
    this.books.emit(shopId, 'order.updated', { orderRef: order.orderRef, status });
    return changed;
  }

  private refuseForeignMoney(shop: ShopDoc, content: OrderContent): void {
    const amounts = [content.total, ...content.lines.map((line) => line.unitPrice)];
    if (amounts.every((amount) => amount.currency === shop.currency)) return;
    throw new StoreProblem(400, 'invalid_request', 'The request is not valid', {
      detail: `this shop sells in ${shop.currency} only`,
    });
  }
}

function sameContent(order: OrderDoc, content: OrderContent): boolean {
  const part = ({ orderRef, reservationId, lines, total, payment }: OrderContent): string =>
    canonicalJson({ orderRef, reservationId, lines, total, payment });
  return part(order) === part(content);
}

function orderConflict(title: string, orderStatus: OrderStatus): StoreProblem {
  return new StoreProblem(409, 'order_conflict', title, { orderStatus });
}
