import { cleared } from '#core/messaging';

/**
 * How a call to someone else's system failed, and so what may be done about it.
 * `transient`: it did not happen, try again. `rate-limited`: likewise, after `retryAfterMs`.
 * `rejected`: the other side understood and refuses, or answered nonsense; trying again is no use.
 * `indeterminate`: it may have happened; repeat only under the same idempotency key, or look it up.
 * `misconfigured`: an address, key or permission is wrong; a person must mend it.
 */
export type PortErrorKind = 'transient' | 'rate-limited' | 'rejected' | 'indeterminate' | 'misconfigured';

/** The only error that an adapter throws on purpose. Expected answers are values; anything else is a bug. */
export class PortError extends Error {
  override readonly name = 'PortError';

  constructor(
    readonly kind: PortErrorKind,
    /** Stable and short: the other side's own code, or ours (`timeout`, `malformed_answer`). */
    readonly code: string,
    /** It is logged and stored, and may repeat what the other side says. */
    message: string,
    readonly retryAfterMs?: number,
    options?: ErrorOptions,
  ) {
    super(cleared(message), options);
  }
}
