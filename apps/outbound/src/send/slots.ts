import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { reserveSlot, type Pacing } from '#core/outbound';
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
/** Slots that follow each other and are this process's own, each at its time or not at all. */
interface Lease {
  /** The first of them that nobody has taken. */
  pacing: Pacing;
  /** In milliseconds of the epoch; the slot at this time belongs to others. */
  untilMs: number;
}

/**
 * A lease holds as many slots as were asked for in so much time before it, in milliseconds; as many as there are in that
 * time when nobody else sends from the number. So another process waits for them no longer than this, once.
 */
const LEASE_MS = 100;
/** Numbers remembered before those whose lease is over are forgotten. */
const REMEMBERED = 10_000;
/** Less than this, in milliseconds, is an error of rounding. */
const ROUNDING = 1e-3;

/**
 * Slots of numbers. Everyone who sends from a number waits for its row: this process takes it once for all who ask
 * meanwhile, in the shortest of transactions, and leases some of those that follow. A slot
 * that is not used is no harm: it is a gap, also when the process ends that leased it.
 */
@Injectable()
export class Slots {
  private readonly waiting = new Map<string, Request[]>();
  private readonly leases = new Map<string, Lease>();
  /** When slots were asked for, by number, in milliseconds of the epoch. */
  private readonly asked = new Map<string, number[]>();

  constructor(
    private readonly tenants: Tenants,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** `rate`: messages a second. Resolves with the time of the slot, stored. */
  reserve(number: Number, rate: number): Promise<Date> {
    const key = keyOf(number);
    this.noteDemand(key);
    const line = this.waiting.get(key);
    const leased = line ? undefined : this.takeLeased(key, rate);
    if (leased) return Promise.resolve(leased);
    return new Promise((resolve, reject) => {
      if (line) return void line.push({ rate, resolve, reject });
      this.waiting.set(key, [{ rate, resolve, reject }]);
      void this.serve(key, number);
    });
  }

  private noteDemand(key: string): void {
    const now = this.clock.now().getTime();
    const lately = (this.asked.get(key) ?? []).filter((at) => at > now - LEASE_MS);
    this.asked.set(key, [...lately, now]);
  }

  private takeLeased(key: string, rate: number): Date | undefined {
    const lease = this.leases.get(key);
    if (!lease) return undefined;
    const { slotAt, pacing } = reserveSlot(lease.pacing, rate, this.clock.now());
    if (pacing.nextSlotMs > lease.untilMs + ROUNDING) return undefined;
    lease.pacing = pacing;
    return slotAt;
  }

  private async serve(key: string, number: Number): Promise<void> {
    for (;;) {
      const requests = this.waiting.get(key)!.splice(0);
      if (requests.length === 0) return void this.waiting.delete(key);
      try {
        const slots = await this.take(key, number, requests);
        requests.forEach((request, i) => request.resolve(slots[i]!));
      } catch (error) {
        for (const request of requests) request.reject(error);
      }
    }
  }

  private async take(key: string, number: Number, requests: readonly Request[]): Promise<Date[]> {
    const { rate: lastRate } = requests.at(-1)!;
    const demand = (this.asked.get(key)?.length ?? 0) - requests.length;
    const untilMs = this.leases.get(key)?.untilMs;
    const store = async (tx: EntityManager): Promise<{ slots: Date[]; lease: Lease }> => {
      const sender = await lockSender(tx, number.channelAccountId);
      const now = this.clock.now();
      let { pacing } = sender;
      const take = (rate: number): Date => {
        const reserved = reserveSlot(pacing, rate, now);
        pacing = reserved.pacing;
        return reserved.slotAt;
      };
      const slots = requests.map(({ rate }) => take(rate));
      const first = pacing;
      // Its next slot is where this process left it: nobody else has asked.
      const more = sender.pacing.nextSlotMs === untilMs ? Math.floor((lastRate * LEASE_MS) / 1_000) : demand;
      for (let i = 0; i < more; i++) take(lastRate);
      storeSender(tx, number.channelAccountId, { ...sender, pacing });
      return { slots, lease: { pacing: first, untilMs: pacing.nextSlotMs } };
    };
    // A database that crashed and forgets a slot has been away for longer than the slot took.
    const taken = await this.tenants.transaction(number.merchantId, store, { durable: false });
    if (this.leases.size >= REMEMBERED) this.forget();
    this.leases.set(key, taken.lease);
    return taken.slots;
  }

  private forget(): void {
    const now = this.clock.now().getTime();
    for (const [key, { untilMs }] of this.leases) {
      if (untilMs > now) continue;
      this.leases.delete(key);
      this.asked.delete(key);
    }
  }
}

const keyOf = ({ merchantId, channelAccountId }: Number): string => `${merchantId}/${channelAccountId}`;
