/** Why the channel refuses a message, and so what helps. */
export type ErrorClass =
  /** Our token or its permissions: the merchant must reconnect. */
  | 'auth'
  /** The account is restricted or locked. */
  | 'policy'
  /** This customer's country may not be written to. */
  | 'country'
  /** Too many calls for the whole business account. */
  | 'account_rate'
  | 'number_rate'
  | 'pair_rate'
  /** Spam or messaging limit of the number or portfolio. */
  | 'spam'
  | 'transient'
  /** A fault of ours: the same request is refused again. */
  | 'request'
  | 'media'
  /** Nothing reaches this person. */
  | 'recipient'
  | 'opted_out'
  /** The service window is closed, whatever our own clock says. */
  | 'window'
  /** The channel protects this person from too much marketing. */
  | 'ecosystem_cap'
  | 'template_paused'
  | 'template_disabled'
  /** The template does not exist, or not with these parameters. */
  | 'template_mismatch'
  | 'template_syncing'
  | 'flow'
  | 'billing'
  | 'registration'
  /** A user id may not be used for this message: a phone number is needed. */
  | 'identity'
  | 'payments'
  | 'unknown';

/** What to do about it. */
export type ErrorAction =
  /** Stop the account's sends, keep its messages, try again later. */
  'pause_account' | 'slow_number' | 'hold_pair' | 'retry' | 'replan' | 'fail';

export interface ErrorPolicy {
  class: ErrorClass;
  action: ErrorAction;
  /** Runs that an action `retry` may take in all after the first. */
  retries?: number;
  /** Milliseconds before the next run; doubled each time for transient faults. */
  waitMs?: number;
  /** A person must look: the failure becomes a dead letter. */
  deadLetter?: boolean;
}
