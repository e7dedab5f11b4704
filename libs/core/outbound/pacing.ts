/** Part of a number's rate that is used: the rest absorbs the jitter of the network. */
const UTILISATION = 0.98;
/** A number that was told "too fast" is back at its full rate after this long. */
const RECOVERY_MS = 60_000;
/** Refusals that come together are one: those sends were under way when the first was refused. */
const SLOW_ONCE_MS = 2_000;
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
  return Math.min(full, pacing.slowedTo + (full * elapsed) / RECOVERY_MS);
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

/** The number was refused with "rate limit hit": halves its rate at once, then lets it grow back linearly. */
export function slowDown(pacing: Pacing, full: number, now: Date): Pacing {
  if (pacing.slowedAt && now.getTime() - pacing.slowedAt.getTime() < SLOW_ONCE_MS) return pacing;
  const slowedTo = Math.max(MIN_RATE, currentRate(pacing, full, now) / 2);
  return { nextSlotMs: Math.max(pacing.nextSlotMs, now.getTime() + 1_000), slowedTo, slowedAt: now };
}
