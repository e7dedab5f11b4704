import type { PortError } from '#core/tenancy';
import {
  AnswerTooLarge,
  type GuardedAnswer,
  type GuardedFetch,
  JsonOutOfBounds,
  parseBoundedJson,
} from '#platform';
import { failure, malformedAnswer, unreachable, type Asked } from './port-errors.js';

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
  throw failure(asked(call), status, headers, { code, detail: problem?.detail ?? problem?.title });
}

/** The PortError for an answer that breaks the contract. */
export function malformed(call: RestCall, rule: string, cause?: unknown): PortError {
  return malformedAnswer(asked(call), rule, cause);
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
    throw unreachable(asked(call), error, timeoutMs);
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

function asked({ method, path, writes }: RestCall): Asked {
  return { name: `${method} ${path.split('?')[0]}`, writes };
}
