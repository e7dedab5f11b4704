/** Pair rate: one message each 6 s to one person, with up to 45 borrowed from the future. */
const PAIR_REFILL_MS = 6_000;
const PAIR_FLOOR = -45;
const SECOND_MS = 1_000;
const DAY_MS = 24 * 3_600_000;

// The clock of a test stack may be set back: an entry from the future must not block for ever.

/** A bucket that starts at 0, may go down to -45 and refills by one each 6 s. */
export class PairRate {
  private readonly levels = new Map<string, { level: number; at: number }>();

  /** Takes one message of this pair, or says no. `now` in milliseconds. */
  take(pair: string, now: number): boolean {
    const level = this.level(pair, now);
    if (level - 1 < PAIR_FLOOR) return false;
    this.levels.set(pair, { level: level - 1, at: now });
    return true;
  }

  private level(pair: string, now: number): number {
    const last = this.levels.get(pair);
    return last ? Math.min(0, last.level + Math.max(0, now - last.at) / PAIR_REFILL_MS) : 0;
  }
}

/** How many messages, in and out, a number had in the last second. */
export class Throughput {
  private readonly recent = new Map<string, number[]>();

  take(phoneNumberId: string, perSecond: number, now: number): boolean {
    const times = this.within(phoneNumberId, now);
    if (times.length >= perSecond) return false;
    times.push(now);
    return true;
  }

  /** Counts what cannot be refused: a customer's message. */
  count(phoneNumberId: string, now: number): void {
    this.within(phoneNumberId, now).push(now);
  }

  private within(phoneNumberId: string, now: number): number[] {
    const times = (this.recent.get(phoneNumberId) ?? []).filter((at) => Math.abs(now - at) < SECOND_MS);
    this.recent.set(phoneNumberId, times);
    return times;
  }
}

/** Unique people a portfolio reached with templates outside a service window in a rolling 24 hours. */
export class MessagingLimit {
  private readonly reached = new Map<string, Map<string, number>>();

  take(portfolioId: string, person: string, limit: number, now: number): boolean {
    const people = this.reached.get(portfolioId) ?? new Map<string, number>();
    this.reached.set(portfolioId, people);
    for (const [who, at] of people) if (Math.abs(now - at) >= DAY_MS) people.delete(who);
    if (!people.has(person) && people.size >= limit) return false;
    if (!people.has(person)) people.set(person, now);
    return true;
  }
}
