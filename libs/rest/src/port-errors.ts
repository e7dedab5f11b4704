import { PortError, type PortErrorKind } from '#core/tenancy';
import type { GuardedAnswer } from '#platform';

/** A call that went wrong, as the PortError that says what may have become of it. */

export interface Asked {
  /** For people. */
  name: string;
  /** It changes something on the other side: a lost answer leaves open whether it happened. */
  writes: boolean;
}

const MAX_RETRY_AFTER_MS = 3_600_000;
/** The connection never came about, so the call never reached the other side. */
export const NEVER_SENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** An answer that breaks what was agreed: what it answered may have been done all the same. */
export function malformedAnswer({ name, writes }: Asked, rule: string, cause?: unknown): PortError {
  const kind = writes ? 'indeterminate' : 'rejected';
  return new PortError(kind, 'malformed_answer', `${name}: ${rule}`, undefined, { cause });
}

/** No answer. */
export function unreachable({ name, writes }: Asked, cause: unknown, timeoutMs: number): PortError {
  const error = (kind: PortErrorKind, code: string, rule: string): PortError =>
    new PortError(kind, code, `${name}: ${rule}`, undefined, { cause });
  const lost = writes ? 'indeterminate' : 'transient';
  if (cause instanceof Error && cause.name === 'TimeoutError') {
    return error(lost, 'timeout', `no answer in ${timeoutMs} ms`);
  }
  const reason = codeOf(cause);
  if (reason === 'URL_REFUSED') {
    return error('misconfigured', 'url_refused', 'the address is not one that may be called');
  }
  return error(NEVER_SENT.has(reason) ? 'transient' : lost, 'unreachable', reason);
}

/** An answer that is no success. `said`: what the other side calls it and says of it, if it does. */
export function failure(
  { name, writes }: Asked,
  status: number,
  headers: GuardedAnswer['headers'],
  said: { code?: string; detail?: unknown } = {},
): PortError {
  const detail = typeof said.detail === 'string' ? `: ${said.detail.slice(0, 300)}` : '';
  const error = (kind: PortErrorKind, code: string): PortError =>
    new PortError(kind, said.code ?? code, `${name}: ${status}${detail}`, retryAfterMs(headers));
  if (status === 429) return error('rate-limited', 'too_many_requests');
  if (status === 401 || status === 403) return error('misconfigured', 'unauthorized');
  if (status >= 300 && status < 400) return error('misconfigured', 'redirected');
  // Nothing that a call names can be missing, so the base URL leads elsewhere.
  if (status === 404 || status === 405) return error('misconfigured', 'no_such_path');
  if (status === 503 || status === 408) return error('transient', 'unavailable');
  if (status >= 500) return error(writes ? 'indeterminate' : 'transient', 'server_error');
  return error('rejected', 'refused');
}

/** The system's code, which may be that of the `cause`, or with two addresses of one of the `errors`. */
export function codeOf(error: unknown): string {
  for (let e = error; e instanceof Error; e = e.cause) {
    if ('code' in e && typeof e.code === 'string') return e.code;
    if (e instanceof AggregateError && e.errors.length > 0) return codeOf(e.errors[0]);
  }
  return error instanceof Error ? error.message : String(error);
}

/** In seconds (our contracts know no dates); an hour at most, so that a slip of the other side does not stop it for days. */
export function retryAfterMs(headers: GuardedAnswer['headers']): number | undefined {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  if (!Number.isFinite(seconds) || seconds < 0) return undefined;
  return Math.min(seconds * 1_000, MAX_RETRY_AFTER_MS);
}
