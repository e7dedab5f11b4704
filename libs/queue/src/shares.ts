/** Wake-ups of a merchant, at once and a second, that stand among those of all others in the order of arrival. */
const AT_ONCE = 20;
export const PER_SECOND = 20;
/** However many more it has, it stands no further behind than this: crowds take turns, and are forgiven in minutes. */
const FURTHEST = 10_000;
/** Merchants remembered before those that had nothing lately are forgotten. */
const REMEMBERED = 10_000;

/**
 * Gives each merchant its share of a queue: one with much to do stands behind those with little, not before them. It
 * decides nothing but the order in which streams are looked at, and each process counts what it wakes itself.
 */
export class Shares {
  private readonly levels = new Map<string, { level: number; at: number }>();

  /**
   * Counts so many more wake-ups of a merchant and returns their place: 0 stands in the order of arrival; a larger
   * number stands behind every smaller one.
   * @param now milliseconds of a clock that never goes back.
   */
  place(queue: string, merchantId: string, now: number, wakeUps = 1): number {
    this.charge(queue, merchantId, now, wakeUps);
    if (this.levels.size > REMEMBERED) this.forget(now);
    return Math.max(0, Math.ceil(levelAt(this.levels.get(`${queue}/${merchantId}`), now) - AT_ONCE));
  }

  /** Counts so many wake-ups more for what a merchant has used by now: of places that it held, say. */
  charge(queue: string, merchantId: string, now: number, wakeUps: number): void {
    const key = `${queue}/${merchantId}`;
    const level = Math.min(AT_ONCE + FURTHEST, levelAt(this.levels.get(key), now) + wakeUps);
    this.levels.set(key, { level, at: now });
  }

  private forget(now: number): void {
    for (const [key, bucket] of this.levels) if (levelAt(bucket, now) === 0) this.levels.delete(key);
  }
}

function levelAt(bucket: { level: number; at: number } | undefined, now: number): number {
  return bucket ? Math.max(0, bucket.level - ((now - bucket.at) / 1_000) * PER_SECOND) : 0;
}
