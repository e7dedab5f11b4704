/** Part of a number's rate that is used: the rest absorbs the jitter of the network. */
const UTILISATION = 0.98;
/** A number that was told "too fast" is back at its full rate after this long. */
const RECOVERY_MS = 60_000;
/** What was planned this soon after a slow-down and is refused says that the slower rate is too fast as well. */
const STILL_TOO_FAST_MS = 15_000;
/** What a refusal on its own takes off the rate: calls that were spaced well may have arrived closer together. */
const EASED = 0.95;
/** The second that was full when a call was refused is let go by before the next slot. */
const [EASED_PAUSE_MS, SLOWED_PAUSE_MS] = [100, 1_000];
const MIN_RATE = 1;

/** How fast one number may send now. */
export interface Pacing {
  /** The first moment that no message has taken yet, in milliseconds of the epoch, with fractions. */
  nextSlotMs: number;
  /** The rate a second right after the last slow-down. */
  slowedTo: number | null;
  slowedAt: Date | null;
}

export const RESTED: Pacing = { nextSlotMs: 0, slowedTo: null, slowedAt: null };

/** Messages a second that the number may send at `now`: `full`, or less while it recovers from a refusal. */
export function currentRate(pacing: Pacing, full: number, now: Date): number {
  if (pacing.slowedTo === null || pacing.slowedAt === null) return full;
  const elapsed = Math.max(0, now.getTime() - pacing.slowedAt.getTime());
  if (elapsed >= RECOVERY_MS) return full;
  return Math.min(full, pacing.slowedTo + ((full - pacing.slowedTo) * elapsed) / RECOVERY_MS);
}

/**
 * Reserves the next slot of a number (GCRA without burst: slots are evenly spaced). No second that slides over the
 * slots holds more than the rate, and under load 98 % of it is used.
 */
export function reserveSlot(pacing: Pacing, full: number, now: Date): { slotAt: Date; pacing: Pacing } {
  const slotMs = Math.max(now.getTime(), pacing.nextSlotMs);
  const spacingMs = 1_000 / (currentRate(pacing, full, now) * UTILISATION);
  // Rounded up: a Date cuts fractions off, which would put a message before its slot.
  return { slotAt: new Date(Math.ceil(slotMs)), pacing: { ...pacing, nextSlotMs: slotMs + spacingMs } };
}

/**
 * A message that was planned at `plannedAt` was refused because its number sends too fast. A refusal on its own eases the rate a
 * little; one of a message that was planned at a rate just slowed halves it. Then it grows back linearly. What had its
 * slot before the last slow-down was refused for the same reason: nothing changes.
 */
export function slowDown(pacing: Pacing, full: number, now: Date, plannedAt: Date): Pacing {
  const since = pacing.slowedAt ? plannedAt.getTime() - pacing.slowedAt.getTime() : Infinity;
  if (since <= 0) return pacing;
  const again = since < STILL_TOO_FAST_MS;
  const slowedTo = Math.max(MIN_RATE, currentRate(pacing, full, now) * (again ? 0.5 : EASED));
  const pauseMs = again ? SLOWED_PAUSE_MS : EASED_PAUSE_MS;
  return { nextSlotMs: Math.max(pacing.nextSlotMs, now.getTime() + pauseMs), slowedTo, slowedAt: now };
}
