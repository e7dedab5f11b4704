import { Injectable } from '@nestjs/common';
import { randomInt } from 'node:crypto';
import { newId } from '#platform';
import type { FulfilmentDoc, FulfilmentStatus, OrderDoc, OrderStatus, ShopDoc } from './shop.types.js';

export const COURIER_EVENTS = ['created', 'shipped', 'out_for_delivery', 'delivered', 'failed'] as const;
export type CourierEvent = (typeof COURIER_EVENTS)[number];

export type CourierStep =
  | {
      outcome: 'moved';
      fulfilment: FulfilmentDoc;
      /** All parcels of the order, the moved one included. */
      fulfilments: FulfilmentDoc[];
      orderStatus: OrderStatus;
    }
  | { outcome: 'unchanged' }
  | { outcome: 'impossible'; why: string };

/** A parcel only goes forward; it may skip a station, as real trackings do. */
const NEXT: Record<FulfilmentStatus, readonly CourierEvent[]> = {
  created: ['shipped', 'out_for_delivery', 'delivered', 'failed'],
  shipped: ['out_for_delivery', 'delivered', 'failed'],
  out_for_delivery: ['delivered', 'failed'],
  delivered: [],
  failed: ['created'],
};

const ORDER_STATUS: Record<CourierEvent, OrderStatus> = {
  created: 'processing',
  shipped: 'shipped',
  out_for_delivery: 'shipped',
  delivered: 'delivered',
  failed: 'processing',
};

// Without 0, O, 1 and I, which people read out wrongly.
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ';
const LETTERS_AND_DIGITS = `${LETTERS}23456789`;
const DELIVERED_WITHIN_MS = 2 * 24 * 3_600_000;

/** A parcel service that knows no parcels: it makes tracking codes, and says how a parcel may move. */
@Injectable()
export class Courier {
  step(shop: ShopDoc, order: OrderDoc, event: CourierEvent, now: Date, reason?: string): CourierStep {
    const current = order.fulfilments.at(-1);
    if (current?.status === event) return { outcome: 'unchanged' };
    if (!current && event !== 'created') return { outcome: 'impossible', why: 'There is no parcel yet' };
    if (current && !NEXT[current.status].includes(event)) {
      return { outcome: 'impossible', why: `The parcel is ${current.status.replaceAll('_', ' ')}` };
    }
    const orderStatus = ORDER_STATUS[event];
    if (!current || event === 'created') {
      const fulfilment = this.newParcel(shop, now);
      return { outcome: 'moved', fulfilment, fulfilments: [...order.fulfilments, fulfilment], orderStatus };
    }
    const fulfilment: FulfilmentDoc = {
      ...current,
      status: event,
      updatedAt: now.toISOString(),
      ...(event === 'failed' && { reason: reason ?? 'Nobody answered at the address' }),
    };
    return {
      outcome: 'moved',
      fulfilment,
      fulfilments: [...order.fulfilments.slice(0, -1), fulfilment],
      orderStatus,
    };
  }

  private newParcel(shop: ShopDoc, now: Date): FulfilmentDoc {
    const trackingCode = newTrackingCode();
    return {
      fulfilmentId: newId('ful'),
      status: 'created',
      carrier: 'Dune Express',
      trackingCode,
      trackingUrl: `${shop.publicUrl}/shops/${encodeURIComponent(shop.id)}/track/${trackingCode}`,
      eta: new Date(now.getTime() + DELIVERED_WITHIN_MS).toISOString(),
      updatedAt: now.toISOString(),
    };
  }
}

/** Such as `DXB-4F7K-2291`. Never something that could be taken for a card or phone number. */
export function newTrackingCode(): string {
  const pick = (from: string): string => from[randomInt(from.length)]!;
  const middle = pick('23456789') + pick(LETTERS) + pick(LETTERS_AND_DIGITS) + pick(LETTERS);
  return `DXB-${middle}-${String(randomInt(10_000)).padStart(4, '0')}`;
}
