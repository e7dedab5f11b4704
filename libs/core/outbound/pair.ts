import type { PairRules } from './channel-rules.js';

/** What was sent to one person: starts at 0, goes down to as many as may be borrowed, and refills over time. */
export interface PairBucket {
  level: number;
  at: Date;
}

/** The bucket's level at `now`: 0 is rested, minus the burst is spent. */
export function pairLevel(rules: PairRules | null, bucket: PairBucket | null, now: Date): number {
  if (!rules || !bucket) return 0;
  const elapsed = Math.max(0, now.getTime() - bucket.at.getTime());
  return Math.min(0, bucket.level + elapsed / rules.refillMs);
}

export type PairTake = { outcome: 'taken'; bucket: PairBucket } | { outcome: 'spent'; until: Date };

/** Takes one message, or says when one may be taken. */
export function takePair(rules: PairRules | null, bucket: PairBucket | null, now: Date): PairTake {
  if (!rules) return { outcome: 'taken', bucket: bucket ?? { level: 0, at: now } };
  const level = pairLevel(rules, bucket, now);
  // Rounded, as times are whole milliseconds and levels are fractions.
  const missingMs = Math.round((-rules.burst - (level - 1)) * rules.refillMs);
  if (missingMs <= 0) return { outcome: 'taken', bucket: { level: level - 1, at: now } };
  return { outcome: 'spent', until: new Date(now.getTime() + missingMs + rules.marginMs) };
}

/**
 * The bucket once the last message that was taken is known to have arrived: the channel has taken it by now, so that its
 * bucket stands at -1 at most, however far ours has refilled while the message was on its way.
 */
export function onArrival(rules: PairRules | null, bucket: PairBucket, now: Date): PairBucket {
  return rules && pairLevel(rules, bucket, now) > -1 ? { level: -1, at: now } : bucket;
}

/** How long nothing goes to a person after a refusal, the `refusals`-th after the first since something last arrived. */
export function pairHoldMs({ hold }: PairRules, refusals: number): number {
  return Math.min(hold.firstMs * hold.factor ** refusals, hold.mostMs);
}
