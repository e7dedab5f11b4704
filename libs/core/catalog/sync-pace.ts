/** How often a shop is read by itself. */
export interface SyncPace {
  /** From one look to the next, at most, in milliseconds. */
  everyMs: number;
  /** After failures the distance doubles up to this, in milliseconds. */
  mostMs: number;
  /** So much of a distance may be taken off it, by chance: shops that fell due together do not stay together. */
  jitter: number;
}

export const SYNC_PACE: SyncPace = { everyMs: 60_000, mostMs: 600_000, jitter: 0.2 };

/**
 * When a shop is read next.
 * @param failures in a row up to now.
 * @param chance from 0 up to 1.
 */
export function nextSyncAt(now: Date, failures: number, chance: number, pace: SyncPace = SYNC_PACE): Date {
  const distance = Math.min(pace.everyMs * 2 ** Math.min(failures, 30), pace.mostMs);
  return new Date(now.getTime() + Math.round(distance * (1 - pace.jitter * chance)));
}
