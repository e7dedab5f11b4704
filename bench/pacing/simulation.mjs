// A run of messages on a simulated clock: the domain's pacing, as apps/outbound calls it, against the sandbox's counts of
// a number and of a pair, which share no code with it.
import { PairRate, Throughput } from '../../dist/apps/sandbox/src/meta/rates.js';
import { whatsAppFacts } from '../../dist/libs/adapters/whatsapp-cloud/index.js';
import {
  onArrival,
  remedy,
  reserveSlot,
  RESTED,
  slowDown,
  takePair,
} from '../../dist/libs/core/outbound/index.js';
import { Timeline } from './timeline.mjs';

const TOO_FAST = 130429;
const PAIR_TOO_FAST = 131056;
const { rules, classify } = whatsAppFacts;
const START = Date.parse('2026-11-21T10:00:00Z');

/**
 * Every recipient has a line of `each` messages; the next one is planned when the one before it was accepted.
 * @param options `perSecond` of the number, `allowed` by the channel when that is less; `recipients` lines of `each`; a call starts up to `lateMs` after its slot and
 *   arrives `wayMs` to `wayMs + jitterMs` later; the answer takes `wayMs` back.
 * @returns `{ arrivals, tooFast, pairTooFast, accepted }`, the times of what was accepted in milliseconds, sorted.
 */
export function simulate({
  perSecond,
  allowed = perSecond,
  recipients,
  each,
  lateMs,
  wayMs,
  jitterMs,
  random = Math.random,
}) {
  const timeline = new Timeline(START);
  const channel = { throughput: new Throughput(), pairs: new PairRate() };
  const result = { arrivals: [], tooFast: 0, pairTooFast: 0, accepted: 0 };
  let pacing = RESTED;

  const plan = (line) => {
    const now = new Date(timeline.now);
    const taken = takePair(rules.pair, line.pair, now);
    if (taken.outcome === 'spent') return timeline.at(taken.until.getTime(), () => plan(line));
    Object.assign(line, { pair: taken.bucket, plannedAt: now });
    const reserved = reserveSlot(pacing, perSecond, now);
    pacing = reserved.pacing;
    timeline.at(reserved.slotAt.getTime() + random() * lateMs, () => call(line));
  };

  const call = (line) => {
    timeline.at(timeline.now + wayMs + random() * jitterMs, () => arrive(line));
  };

  const arrive = (line) => {
    const now = timeline.now;
    if (!channel.throughput.take('number', allowed, now)) {
      result.tooFast += 1;
      return answer(() => refused(line, TOO_FAST));
    }
    if (!channel.pairs.take(line.name, now)) {
      result.pairTooFast += 1;
      return answer(() => refused(line, PAIR_TOO_FAST));
    }
    result.arrivals.push(now);
    result.accepted += 1;
    return answer(() => accepted(line));
  };

  const answer = (what) => timeline.at(timeline.now + wayMs, what);

  const accepted = (line) => {
    line.pair = onArrival(rules.pair, line.pair, new Date(timeline.now));
    line.retries = 0;
    line.left -= 1;
    if (line.left > 0) plan(line);
  };

  const refused = (line, code) => {
    const { retries, pairRefusals } = line;
    const cure = remedy(classify(code), rules, {
      retries,
      pairRefusals,
      pauses: 0,
      asTemplate: false,
      withMedia: false,
    });
    if (cure.message.next === 'fail') throw new Error(`a message failed for good on ${code}`);
    if (cure.slowNumber) pacing = slowDown(pacing, perSecond, new Date(timeline.now), line.plannedAt);
    if (cure.holdPairMs !== undefined) line.pairRefusals += 1;
    line.retries += cure.message.countsAsRetry ? 1 : 0;
    timeline.at(timeline.now + Math.max(cure.message.waitMs, cure.holdPairMs ?? 0), () => plan(line));
  };

  for (let i = 0; i < recipients; i++) {
    const line = {
      name: `person ${i}`,
      left: each,
      pair: null,
      plannedAt: null,
      retries: 0,
      pairRefusals: 0,
    };
    timeline.at(START + random() * 1_000, () => plan(line));
  }
  timeline.run();
  result.arrivals.sort((a, b) => a - b);
  return result;
}

/** The most of the sorted `times` that lie within any one second. */
export function mostInASecond(times) {
  let most = 0;
  for (let first = 0, last = 0; last < times.length; last++) {
    while (times[last] - times[first] >= 1_000) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
