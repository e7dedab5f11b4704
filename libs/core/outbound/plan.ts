import type { ChannelRules, WindowRules } from './channel-rules.js';
import { pairLevel, takePair, type PairBucket } from './pair.js';
import { isSendable, type TemplateCandidate } from './templates.js';

/** The rules of a channel that a plan is made by. */
export type PlanRules = Pick<ChannelRules, 'window' | 'outsideWindow' | 'pair' | 'templates'>;

export interface PlannedMessage {
  /** After this it has no use any more. */
  deadline: Date | null;
  /** An earlier refusal asked for time. */
  notBefore: Date | null;
  /** It names a purpose for which the merchant may have a template. */
  purpose: string | null;
}

/** Everything that decides how a message goes out, as it is at this moment. */
export interface PlanFacts {
  rules: PlanRules;
  /** The customer's last message, by the channel's own timestamp. */
  lastInboundAt: Date | null;
  /** The channel refused a free-form message after that one: its window is closed, whatever the clock says. */
  windowRefused: boolean;
  /** The merchant's template for the message's purpose, if there is one in its language. */
  template: TemplateCandidate | null;
  pair: PairBucket | null;
  /** The channel refused this pair: not before then. */
  pairHoldUntil: Date | null;
  /** This message's place in the pair rate was taken when it was planned before. */
  pairTaken: boolean;
  sender: {
    enabled: boolean;
    merchantSuspended?: boolean;
    pausedUntil: Date | null;
    pauseReason: string | null;
  };
}

export type WaitReason =
  'merchant_suspended' | 'account_disabled' | 'account_paused' | 'refused_before' | 'pair_held' | 'pair_rate';
/** Waits that end when somebody switches something on. */
export const SWITCHED_OFF: readonly WaitReason[] = ['merchant_suspended', 'account_disabled'];
export type CustomerReason = 'no_template' | 'template_not_sendable' | 'window_closed';

export type Decision =
  | { decision: 'send_free_form' }
  | {
      decision: 'send_template';
      purpose: string;
      template: { id: string; name: string; language: string };
    }
  /** `until` null: until the account and its merchant are switched on, which says so by itself. */
  | { decision: 'wait'; until: string | null; why: WaitReason }
  /** Until the customer writes; `recheckAt`: the template may be sendable again by then. */
  | { decision: 'wait_for_customer'; why: CustomerReason; recheckAt: string | null }
  | { decision: 'drop'; reason: 'deadline_passed' };

/** What was decided, when, and every fact that was looked at. Dates are ISO 8601, so that it can be stored as it is. */
export type Verdict = Decision & { at: string; facts: VerdictFacts };

export interface VerdictFacts {
  deadline: string | null;
  notBefore: string | null;
  windowOpen: boolean;
  windowClosesAt: string | null;
  windowRefused: boolean;
  purpose: string | null;
  template: { name: string; language: string; state: string | null; sendable: boolean } | null;
  pairLevel: number;
  pairHoldUntil: string | null;
  accountEnabled: boolean;
  pausedUntil: string | null;
  pauseReason: string | null;
}

/** When the service window closes for free-form messages; null: it was never open, or the channel has none. */
export function windowClosesAt(window: WindowRules | null, lastInboundAt: Date | null): Date | null {
  return window && lastInboundAt && new Date(lastInboundAt.getTime() + window.lengthMs - window.marginMs);
}

/** Decides, at the moment of sending, how and whether a message goes out. */
export function plan(message: PlannedMessage, facts: PlanFacts, now: Date): Verdict {
  const { window, pair, templates } = facts.rules;
  const closesAt = windowClosesAt(window, facts.lastInboundAt);
  const windowOpen = window === null || (closesAt !== null && closesAt > now && !facts.windowRefused);
  const decision = decide(message, facts, windowOpen, now);
  return {
    ...decision,
    at: now.toISOString(),
    facts: {
      deadline: iso(message.deadline),
      notBefore: iso(message.notBefore),
      windowOpen,
      windowClosesAt: iso(closesAt),
      windowRefused: facts.windowRefused,
      purpose: message.purpose,
      template: facts.template && {
        name: facts.template.name,
        language: facts.template.language,
        state: facts.template.state,
        sendable: isSendable(templates, facts.template, now),
      },
      pairLevel: Math.round(pairLevel(pair, facts.pair, now) * 100) / 100,
      pairHoldUntil: iso(facts.pairHoldUntil),
      accountEnabled: facts.sender.enabled,
      pausedUntil: iso(facts.sender.pausedUntil),
      pauseReason: facts.sender.pauseReason,
    },
  };
}

function decide(message: PlannedMessage, facts: PlanFacts, windowOpen: boolean, now: Date): Decision {
  if (message.deadline && message.deadline <= now) return { decision: 'drop', reason: 'deadline_passed' };
  const how = windowOpen ? ({ decision: 'send_free_form' } as const) : outsideWindow(message, facts, now);
  if (how.decision === 'wait_for_customer') return how;
  const wait = mustWait(message, facts, now);
  return wait ? { decision: 'wait', until: iso(wait.until), why: wait.why } : how;
}

function outsideWindow(
  message: PlannedMessage,
  { template, rules }: PlanFacts,
  now: Date,
): Extract<Decision, { decision: 'send_template' | 'wait_for_customer' }> {
  if (rules.outsideWindow === 'nothing') {
    return { decision: 'wait_for_customer', why: 'window_closed', recheckAt: null };
  }
  if (!message.purpose || !template) {
    return { decision: 'wait_for_customer', why: 'no_template', recheckAt: null };
  }
  if (!isSendable(rules.templates, template, now)) {
    return {
      decision: 'wait_for_customer',
      why: 'template_not_sendable',
      recheckAt: iso(template.recheckAt),
    };
  }
  const { id, name, language } = template;
  return { decision: 'send_template', purpose: message.purpose, template: { id, name, language } };
}

function mustWait(
  message: PlannedMessage,
  facts: PlanFacts,
  now: Date,
): { until: Date | null; why: WaitReason } | undefined {
  const { sender } = facts;
  if (sender.merchantSuspended) return { until: null, why: 'merchant_suspended' };
  if (!sender.enabled) return { until: null, why: 'account_disabled' };
  if (sender.pausedUntil && sender.pausedUntil > now) {
    return { until: sender.pausedUntil, why: 'account_paused' };
  }
  if (message.notBefore && message.notBefore > now) {
    return { until: message.notBefore, why: 'refused_before' };
  }
  if (facts.pairHoldUntil && facts.pairHoldUntil > now) {
    return { until: facts.pairHoldUntil, why: 'pair_held' };
  }
  if (facts.pairTaken) return undefined;
  const pair = takePair(facts.rules.pair, facts.pair, now);
  return pair.outcome === 'spent' ? { until: pair.until, why: 'pair_rate' } : undefined;
}

function iso(date: Date | null): string | null {
  return date ? date.toISOString() : null;
}
