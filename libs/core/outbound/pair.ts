/**
 * The pair rate: from one number to one person, one message each 6 seconds, with up to 45 borrowed from the future.
 * Source: Meta, Cloud API throughput, "pair rate limits" (error 131056).
 */
export const PAIR_REFILL_MS = 6_000;
const PAIR_BURST = 45;
/** Added to a wait: the channel counts a message when it arrives, a little after we count it. */
const MARGIN_MS = 100;

/** A bucket that starts at 0, may go down to -45 and refills by one each 6 s. */
export interface PairBucket {
  level: number;
  at: Date;
}

/** The bucket's level at `now`: 0 is rested, -45 is spent. */
export function pairLevel(bucket: PairBucket | null, now: Date): number {
  if (!bucket) return 0;
  const elapsed = Math.max(0, now.getTime() - bucket.at.getTime());
  return Math.min(0, bucket.level + elapsed / PAIR_REFILL_MS);
}

export type PairTake = { outcome: 'taken'; bucket: PairBucket } | { outcome: 'spent'; until: Date };

/** Takes one message, or says when one may be taken. */
export function takePair(bucket: PairBucket | null, now: Date): PairTake {
  const level = pairLevel(bucket, now);
  // Rounded, as times are whole milliseconds and levels are fractions.
  const missingMs = Math.round((-PAIR_BURST - (level - 1)) * PAIR_REFILL_MS);
  if (missingMs <= 0) return { outcome: 'taken', bucket: { level: level - 1, at: now } };
  return { outcome: 'spent', until: new Date(now.getTime() + missingMs + MARGIN_MS) };
}

/**
 * The bucket once the last message that was taken is known to have arrived: the channel has taken it by now, so that its
 * bucket stands at -1 at most, however far ours has refilled while the message was on its way.
 */
export function onArrival(bucket: PairBucket, now: Date): PairBucket {
  return pairLevel(bucket, now) > -1 ? { level: -1, at: now } : bucket;
}
