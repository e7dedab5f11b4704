import { classifyError, type ErrorClass } from './errors.js';

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
  /** The template may not be sent; `recheckMs` null: not before the channel says so. */
  template?: { state: string; recheckMs: number | null };
  dropMedia?: boolean;
}

const MAX_PAUSE_MS = 60 * 60_000;
/** A template's first pause for low quality lasts three hours; an announcement may come sooner. */
const TEMPLATE_PAUSE_MS = 3 * 60 * 60_000;
const TEMPLATE_MISSING_MS = 10 * 60_000;
const MAX_PAIR_HOLD_MS = 4 ** 4 * 1_000;

/** What to do about a refusal, whether it came as the answer or later as a status. */
export function remedy(code: number, history: SendHistory): Remedy {
  const policy = classifyError(code);
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
      // Meta: try again after 4^n seconds, n = 0, 1, 2, …
      return again({ holdPairMs: Math.min(4 ** history.pairRefusals * 1_000, MAX_PAIR_HOLD_MS) });
    case 'retry': {
      if (history.retries >= policy.retries!) return failed;
      const factor = cls === 'transient' ? 2 ** history.retries : 1;
      return again({ message: { next: 'again', waitMs: waitMs * factor, countsAsRetry: true } });
    }
    case 'replan':
      return replan(cls, history, failed, again);
  }
}

function replan(
  cls: ErrorClass,
  history: SendHistory,
  failed: Remedy,
  again: (extra: Partial<Remedy>) => Remedy,
): Remedy {
  switch (cls) {
    case 'window':
      // A template needs no window: refused all the same, there is nothing left to plan.
      return history.asTemplate ? failed : again({ closeWindow: true });
    case 'media':
      return history.withMedia ? again({ dropMedia: true }) : failed;
    case 'template_paused':
      return again({ template: { state: 'PAUSED', recheckMs: TEMPLATE_PAUSE_MS } });
    case 'template_disabled':
      return again({ template: { state: 'DISABLED', recheckMs: null } });
    default:
      return again({ template: { state: 'MISMATCH', recheckMs: TEMPLATE_MISSING_MS } });
  }
}
