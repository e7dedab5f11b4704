import { Injectable } from '@nestjs/common';
import { newId } from '#platform';
import { ShopBooks } from './shop-books.js';
import type { Line, ReservationDoc, ReservationStatus } from './shop.types.js';
import { StoreProblem } from './store-problem.js';
import { availableOf } from './views.js';

/**
 * Holds and takes stock. Every method is synchronous, so `onHand - held` never goes below zero however many
 * calls race.
 */
@Injectable()
export class Stock {
  constructor(private readonly books: ShopBooks) {}

  /** Holds all lines or none. @throws StoreProblem 409 `insufficient_stock`. */
  hold(shopId: string, request: { orderRef: string; lines: Line[]; ttlSeconds: number }): ReservationDoc {
    this.expireDue(shopId);
    const lines = mergeLines(request.lines);
    this.refuseShort(shopId, lines, []);
    for (const line of lines) this.move(shopId, line.sku, { held: line.quantity });
    const now = this.books.now();
    const reservation: ReservationDoc = {
      reservationId: newId('res'),
      orderRef: request.orderRef,
      status: 'held',
      lines,
      createdAt: now.toISOString(),
      expiresAt: new Date(now.getTime() + request.ttlSeconds * 1000).toISOString(),
    };
    this.store(shopId, reservation);
    return reservation;
  }

  extend(shopId: string, id: string, ttlSeconds: number): ReservationDoc {
    const reservation = this.get(shopId, id);
    if (reservation.status !== 'held') throw conflict(reservation.status);
    const wanted = this.books.now().getTime() + ttlSeconds * 1000;
    const expiresAt = new Date(Math.max(wanted, Date.parse(reservation.expiresAt))).toISOString();
    return this.store(shopId, { ...reservation, expiresAt });
  }

  release(shopId: string, id: string): ReservationDoc {
    const reservation = this.get(shopId, id);
    if (reservation.status === 'committed') throw conflict(reservation.status);
    return reservation.status === 'held' ? this.free(shopId, reservation, 'released') : reservation;
  }

  commit(shopId: string, id: string): ReservationDoc {
    const reservation = this.get(shopId, id);
    if (reservation.status === 'committed') return reservation;
    if (reservation.status !== 'held') throw conflict(reservation.status);
    for (const { sku, quantity } of reservation.lines) {
      this.move(shopId, sku, { held: -quantity, onHand: -quantity });
    }
    return this.store(shopId, { ...reservation, status: 'committed' });
  }

  /**
   * Takes an order's lines for good, out of its reservation as far as that still holds them and out of free
   * stock for the rest. @throws StoreProblem 409 `insufficient_stock`, nothing taken.
   */
  take(shopId: string, wanted: Line[], reservationId: string): void {
    this.expireDue(shopId);
    const lines = mergeLines(wanted);
    const reservation = this.books.of(shopId).reservations.get(reservationId);
    const own =
      reservation?.status === 'held' || reservation?.status === 'committed' ? reservation : undefined;
    this.refuseShort(shopId, lines, own?.lines ?? []);
    // One step for each product, so that a unit that goes from the hold to the order is not announced as free.
    for (const sku of new Set([...lines, ...(own?.lines ?? [])].map((line) => line.sku))) {
      const reserved = quantityOf(own?.lines ?? [], sku);
      const taken = quantityOf(lines, sku);
      if (own?.status === 'held') this.move(shopId, sku, { held: -reserved, onHand: -taken });
      else this.move(shopId, sku, { onHand: reserved - taken });
    }
    if (own) this.store(shopId, { ...own, status: 'committed' });
  }

  putBack(shopId: string, lines: Line[]): void {
    for (const { sku, quantity } of mergeLines(lines)) this.move(shopId, sku, { onHand: quantity });
  }

  /** @throws StoreProblem 404 when there is no such reservation. */
  get(shopId: string, id: string): ReservationDoc {
    this.expireDue(shopId);
    const reservation = this.books.of(shopId).reservations.get(id);
    if (!reservation) throw new StoreProblem(404, 'not_found', 'No such reservation');
    return reservation;
  }

  /** Frees what is held past its time. */
  expireDue(shopId: string): void {
    const { holds, reservations } = this.books.of(shopId);
    const now = this.books.now().getTime();
    for (const hold of holds.all()) {
      if (Date.parse(hold.expiresAt) > now) continue;
      const reservation = reservations.get(hold.reservationId);
      if (reservation) this.free(shopId, reservation, 'expired');
    }
  }

  private free(shopId: string, reservation: ReservationDoc, status: ReservationStatus): ReservationDoc {
    for (const { sku, quantity } of reservation.lines) this.move(shopId, sku, { held: -quantity });
    return this.store(shopId, { ...reservation, status });
  }

  private store(shopId: string, reservation: ReservationDoc): ReservationDoc {
    const { reservations, holds } = this.books.of(shopId);
    const { reservationId, expiresAt } = reservation;
    reservations.put(reservationId, reservation);
    if (reservation.status === 'held') holds.put(reservationId, { reservationId, expiresAt });
    else holds.delete(reservationId);
    return reservation;
  }

  /** Changes a product's counts, and announces them when what can be promised changed. */
  private move(shopId: string, sku: string, by: { held?: number; onHand?: number }): void {
    const { products } = this.books.of(shopId);
    const product = products.get(sku);
    if (!product) return; // an order may name goods the shop has removed since
    const next = {
      ...product,
      held: product.held + (by.held ?? 0),
      onHand: product.onHand + (by.onHand ?? 0),
    };
    if (availableOf(next) === availableOf(product)) products.put(sku, next);
    else this.books.changeProduct(shopId, next, 'stock.updated');
  }

  private refuseShort(shopId: string, lines: Line[], alreadyOurs: Line[]): void {
    const { products } = this.books.of(shopId);
    const short = lines.flatMap(({ sku, quantity }) => {
      const product = products.get(sku);
      const available = (product ? availableOf(product) : 0) + (product ? quantityOf(alreadyOurs, sku) : 0);
      return quantity > available ? [{ sku, requested: quantity, available }] : [];
    });
    if (short.length > 0) throw new StoreProblem(409, 'insufficient_stock', 'Not enough stock', { short });
  }
}

export function mergeLines(lines: Line[]): Line[] {
  const sums = new Map<string, number>();
  for (const { sku, quantity } of lines) sums.set(sku, (sums.get(sku) ?? 0) + quantity);
  return [...sums].map(([sku, quantity]) => ({ sku, quantity }));
}

function quantityOf(lines: Line[], sku: string): number {
  return lines.find((line) => line.sku === sku)?.quantity ?? 0;
}

function conflict(status: ReservationStatus): StoreProblem {
  return new StoreProblem(409, 'reservation_conflict', `The reservation is ${status}`, {
    reservationStatus: status,
  });
}
