import type { PairRules } from './channel-rules.js';
import { pairLevel, type PairBucket } from './pair.js';

/** What limits sending to one recipient. */
export interface RecipientLimits {
  /** The customer's last message, by the channel's own timestamp. */
  lastInboundAt: Date | null;
  /** The channel refused a free-form message after that one. */
  windowRefused: boolean;
  pair: PairBucket;
  /** Refusals of the pair since something last arrived. */
  pairRefusals: number;
  pairHoldUntil: Date | null;
}

/**
 * The limits of two recipients that turned out to be one person: of each kind the stricter, but for the window, which the
 * person's last message opened whichever of the two it came from. A refusal counts for the window that it closed: a
 * message that came later has opened it anew.
 */
export function joinLimits(
  rules: PairRules | null,
  a: RecipientLimits,
  b: RecipientLimits,
  now: Date,
): RecipientLimits {
  const [older, newer] = time(a.lastInboundAt) <= time(b.lastInboundAt) ? [a, b] : [b, a];
  const sameWindow = time(older.lastInboundAt) === time(newer.lastInboundAt);
  return {
    lastInboundAt: newer.lastInboundAt,
    windowRefused: newer.windowRefused || (sameWindow && older.windowRefused),
    pair: { level: Math.min(pairLevel(rules, a.pair, now), pairLevel(rules, b.pair, now)), at: now },
    pairRefusals: Math.max(a.pairRefusals, b.pairRefusals),
    pairHoldUntil: time(a.pairHoldUntil) >= time(b.pairHoldUntil) ? a.pairHoldUntil : b.pairHoldUntil,
  };
}

const time = (date: Date | null): number => date?.getTime() ?? -Infinity;
