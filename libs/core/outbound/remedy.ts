import type { ChannelRules, TemplateSetAside } from './channel-rules.js';
import type { ErrorClass, ErrorPolicy } from './errors.js';
import { pairHoldMs } from './pair.js';

/** The rules of a channel that decide what helps. */
export type RemedyRules = Pick<ChannelRules, 'window' | 'pair' | 'templates'>;

/** What the message has been through, as far as it decides what helps now. */
export interface SendHistory {
  /** Earlier refusals that were answered by trying again. */
  retries: number;
  /** Refusals "pair rate" since this person was last reached. */
  pairRefusals: number;
  /** Pauses of the account since something last went out. */
  pauses: number;
  /** It went out as a template. */
  asTemplate: boolean;
  /** It carried media that can be left away. */
  withMedia: boolean;
}

export interface Remedy {
  class: ErrorClass;
  message: { next: 'fail'; deadLetter: boolean } | { next: 'again'; waitMs: number; countsAsRetry: boolean };
  pauseAccountMs?: number;
  slowNumber?: boolean;
  holdPairMs?: number;
  /** The window is closed until the customer writes again. */
  closeWindow?: boolean;
  /** The template may not be sent. */
  template?: TemplateSetAside;
  dropMedia?: boolean;
}

const MAX_PAUSE_MS = 60 * 60_000;

/**
 * What to do about a refusal, whether it came as the answer or later as a status. A policy that speaks of what the channel
 * does not have fails the message: what is sent again is refused again.
 */
export function remedy(policy: ErrorPolicy, rules: RemedyRules, history: SendHistory): Remedy {
  const { class: cls, waitMs = 0 } = policy;
  const failed: Remedy = {
    class: cls,
    message: { next: 'fail', deadLetter: policy.deadLetter ?? false },
  };
  const again = (extra: Partial<Remedy>): Remedy => ({
    class: cls,
    message: { next: 'again', waitMs: 0, countsAsRetry: false },
    ...extra,
  });
  switch (policy.action) {
    case 'fail':
      return failed;
    case 'pause_account':
      return again({ pauseAccountMs: Math.min(waitMs * 2 ** Math.min(history.pauses, 10), MAX_PAUSE_MS) });
    case 'slow_number':
      return again({ slowNumber: true });
    case 'hold_pair':
      return rules.pair ? again({ holdPairMs: pairHoldMs(rules.pair, history.pairRefusals) }) : failed;
    case 'retry': {
      if (history.retries >= policy.retries!) return failed;
      const factor = cls === 'transient' ? 2 ** history.retries : 1;
      return again({ message: { next: 'again', waitMs: waitMs * factor, countsAsRetry: true } });
    }
    case 'replan':
      return replan(cls, rules, history, failed, again);
  }
}

function replan(
  cls: ErrorClass,
  { window, templates }: RemedyRules,
  history: SendHistory,
  failed: Remedy,
  again: (extra: Partial<Remedy>) => Remedy,
): Remedy {
  switch (cls) {
    case 'window':
      // A template needs no window: refused all the same, there is nothing left to plan.
      return history.asTemplate || !window ? failed : again({ closeWindow: true });
    case 'media':
      return history.withMedia ? again({ dropMedia: true }) : failed;
    case 'template_paused':
      return templates ? again({ template: templates.paused }) : failed;
    case 'template_disabled':
      return templates ? again({ template: templates.disabled }) : failed;
    default:
      return templates ? again({ template: templates.mismatched }) : failed;
  }
}
