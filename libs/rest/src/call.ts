import { PortError, type PortErrorKind } from '#core/tenancy';
import {
  AnswerTooLarge,
  type GuardedAnswer,
  type GuardedFetch,
  JsonOutOfBounds,
  parseBoundedJson,
} from '#platform';

/** Calls of a REST contract of our own, whose answers are JSON and whose errors are problem documents (RFC 9457). */

export interface RestConnection {
  /** Any path it has is kept; a slash at the end does not matter. */
  baseUrl: string;
  apiKey: string;
  /** For one call, body included, in milliseconds. */
  timeoutMs: number;
  /** The address is the merchant's word: the platform's guarded client, outside tests. */
  fetch: GuardedFetch;
  /** Who is calling, for the other side's logs. */
  userAgent: string;
}

export interface RestCall {
  method: 'GET' | 'POST';
  /** Below the base URL, beginning with `/v1/`. */
  path: string;
  body?: object;
  idempotencyKey?: string;
  /** It lists many things. */
  list?: boolean;
  /** It changes something on the other side: a lost answer leaves open whether it happened. */
  writes: boolean;
}

/** What was answered: a success, or a refusal that the contract names for this call. */
export interface RestAnswer {
  status: number;
  body: unknown;
  /** The problem document's `code`; undefined for a success. */
  code?: string;
}

/** A page of 200 products with long descriptions is well below this. */
const LARGEST_PAGE = 8 * 1_048_576;
/** So is an order, or a quote of a hundred lines. */
const LARGEST_ANSWER = 262_144;
/** A page of 200 products has some 4,000 values. */
const ANSWER_BOUNDS = { values: 50_000, depth: 32 };
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

/** One call. @throws PortError unless the answer is a 2xx, or a problem whose code is in `expected`. */
export async function callRest(
  options: RestConnection,
  call: RestCall,
  expected: readonly string[] = [],
): Promise<RestAnswer> {
  const { status, headers, body } = await exchange(options, call);
  if (status >= 200 && status < 300) return { status, body: parse(body, call) };
  const problem = problemOf(body);
  const code = codeIn(problem);
  // Only where a contract has them: a proxy's 502 never counts as the other side's word.
  if (code && (status === 404 || status === 409) && expected.includes(code))
    return { status, body: problem, code };
  throw refusal(call, status, code, problem?.detail ?? problem?.title, headers);
}

/** The PortError for an answer that breaks the contract: what it answered may have been done all the same. */
export function malformed(call: RestCall, rule: string, cause?: unknown): PortError {
  const kind = call.writes ? 'indeterminate' : 'rejected';
  return new PortError(kind, 'malformed_answer', `${name(call)}: ${rule}`, undefined, { cause });
}

async function exchange(
  { baseUrl, apiKey, timeoutMs, fetch, userAgent }: RestConnection,
  call: RestCall,
): Promise<GuardedAnswer> {
  try {
    return await fetch(`${baseUrl.replace(/\/+$/, '')}${call.path}`, {
      method: call.method,
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${apiKey}`,
        'user-agent': userAgent,
        ...(call.body && { 'content-type': 'application/json' }),
        ...(call.idempotencyKey && { 'idempotency-key': call.idempotencyKey }),
      },
      body: call.body && JSON.stringify(call.body),
      timeoutMs,
      maxBytes: call.list ? LARGEST_PAGE : LARGEST_ANSWER,
    });
  } catch (error) {
    if (error instanceof AnswerTooLarge) throw malformed(call, error.message, error);
    throw unreachable(call, error, timeoutMs);
  }
}

function parse(bytes: Buffer, call: RestCall): unknown {
  try {
    return parseBoundedJson(bytes, ANSWER_BOUNDS);
  } catch (error) {
    throw malformed(call, error instanceof JsonOutOfBounds ? error.message : 'answer must be JSON', error);
  }
}

function problemOf(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const parsed = parseBoundedJson(bytes, ANSWER_BOUNDS);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined; // a proxy's page, not a problem document: the status alone speaks
  }
}

/** It is stored and counted, so it is a word. */
function codeIn(problem: Record<string, unknown> | undefined): string | undefined {
  const code = problem?.code;
  return typeof code === 'string' && /^[\w.-]{1,64}$/.test(code) ? code : undefined;
}

function unreachable(call: RestCall, error: unknown, timeoutMs: number): PortError {
  if (error instanceof Error && error.name === 'TimeoutError') {
    const kind = call.writes ? 'indeterminate' : 'transient';
    return new PortError(kind, 'timeout', `${name(call)}: no answer in ${timeoutMs} ms`, undefined, {
      cause: error,
    });
  }
  const reason = codeOf(error);
  if (reason === 'URL_REFUSED') {
    const rule = `${name(call)}: the address is not one that may be called`;
    return new PortError('misconfigured', 'url_refused', rule, undefined, { cause: error });
  }
  const kind = call.writes && !NEVER_SENT.has(reason) ? 'indeterminate' : 'transient';
  return new PortError(kind, 'unreachable', `${name(call)}: ${reason}`, undefined, { cause: error });
}

/** The system's code, which may be that of the `cause`, or with two addresses of one of the `errors`. */
export function codeOf(error: unknown): string {
  for (let e = error; e instanceof Error; e = e.cause) {
    if ('code' in e && typeof e.code === 'string') return e.code;
    if (e instanceof AggregateError && e.errors.length > 0) return codeOf(e.errors[0]);
  }
  return error instanceof Error ? error.message : String(error);
}

function refusal(
  call: RestCall,
  status: number,
  code: string | undefined,
  detail: unknown,
  headers: GuardedAnswer['headers'],
): PortError {
  const said = typeof detail === 'string' ? `: ${detail.slice(0, 300)}` : '';
  const error = (kind: PortErrorKind, fallback: string): PortError =>
    new PortError(kind, code ?? fallback, `${name(call)}: ${status}${said}`, retryAfterMs(headers));
  if (status === 429) return error('rate-limited', 'too_many_requests');
  if (status === 401 || status === 403) return error('misconfigured', 'unauthorized');
  if (status >= 300 && status < 400) return error('misconfigured', 'redirected');
  // Nothing that the call names can be missing, so the base URL leads elsewhere.
  if (status === 404 || status === 405) return error('misconfigured', 'no_such_path');
  if (status === 503 || status === 408) return error('transient', 'unavailable');
  if (status >= 500) return error(call.writes ? 'indeterminate' : 'transient', 'server_error');
  return error('rejected', 'refused');
}

/** In seconds (our contracts know no dates); an hour at most, so that a slip of the other side does not stop it for days. */
export function retryAfterMs(headers: GuardedAnswer['headers']): number | undefined {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  if (!Number.isFinite(seconds) || seconds < 0) return undefined;
  return Math.min(seconds * 1_000, MAX_RETRY_AFTER_MS);
}

function name(call: RestCall): string {
  return `${call.method} ${call.path.split('?')[0]}`;
}
