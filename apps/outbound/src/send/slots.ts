import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { reserveSlot } from '#core/outbound';
import { Tenants } from '#persistence';
import { CLOCK, type Clock } from '#platform';
import { lockSender, storeSender } from '../store/senders.js';

interface Number {
  merchantId: string;
  channelAccountId: string;
}
interface Request {
  rate: number;
  resolve: (slotAt: Date) => void;
  reject: (error: unknown) => void;
}

/**
 * Slots of numbers. Everyone who sends from a number waits for its row: this process takes it once for all who ask
 * meanwhile, in the shortest of transactions. A slot that is not used is no harm.
 */
@Injectable()
export class Slots {
  private readonly waiting = new Map<string, Request[]>();

  constructor(
    private readonly tenants: Tenants,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** `rate`: messages a second. Resolves with the time of the slot, stored. */
  reserve(number: Number, rate: number): Promise<Date> {
    const key = `${number.merchantId}/${number.channelAccountId}`;
    return new Promise((resolve, reject) => {
      const line = this.waiting.get(key);
      if (line) return void line.push({ rate, resolve, reject });
      this.waiting.set(key, [{ rate, resolve, reject }]);
      void this.serve(key, number);
    });
  }

  private async serve(key: string, number: Number): Promise<void> {
    for (;;) {
      const requests = this.waiting.get(key)!.splice(0);
      if (requests.length === 0) return void this.waiting.delete(key);
      try {
        const slots = await this.take(number, requests);
        requests.forEach((request, i) => request.resolve(slots[i]!));
      } catch (error) {
        for (const request of requests) request.reject(error);
      }
    }
  }

  private take(number: Number, requests: readonly Request[]): Promise<Date[]> {
    const store = async (tx: EntityManager): Promise<Date[]> => {
      const sender = await lockSender(tx, number.channelAccountId);
      const now = this.clock.now();
      let { pacing } = sender;
      const slots = requests.map(({ rate }) => {
        const reserved = reserveSlot(pacing, rate, now);
        pacing = reserved.pacing;
        return reserved.slotAt;
      });
      storeSender(tx, number.channelAccountId, { ...sender, pacing });
      return slots;
    };
    // A database that crashed and forgets a slot has been away for longer than the slot took.
    return this.tenants.transaction(number.merchantId, store, { durable: false });
  }
}
