import { lookup as systemLookup } from 'node:dns';
import { isIP, type LookupFunction, type Socket } from 'node:net';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import { ACCEPT_ENCODING, unpacked } from './content-codings.js';
import { isPublicAddress } from './guarded-address.js';
import { exchange, type GuardedAnswer } from './guarded-answer.js';
import { judgeUrl, type UrlPolicy } from './guarded-url.js';
import { nameLookup } from './name-lookup.js';

export interface GuardedFetchOptions extends UrlPolicy {
  /** For connection, answer and body together, in milliseconds. */
  timeoutMs?: number;
  /** Of the body, before and after decompression. */
  maxBytes?: number;
  /** Followed for GET and HEAD; 0 hands the redirect itself back. */
  maxRedirects?: number;
  /** For tests: another resolver. */
  lookup?: LookupFunction;
  /** For tests: another idea of what is public. */
  isAllowed?: (address: string) => boolean;
}

export interface GuardedRequest {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** Counts when it is less than the client's own. */
  timeoutMs?: number;
  /** Counts when it is less than the client's own. */
  maxBytes?: number;
}

export type GuardedFetch = (url: string, request?: GuardedRequest) => Promise<GuardedAnswer>;

/** The URL, or what it leads to, is not to be called on behalf of a merchant. Nothing was sent. */
export class UrlRefused extends Error {
  readonly code = 'URL_REFUSED';
  override readonly name = 'UrlRefused';
}

const TIMEOUT_MS = 30_000;
const MAX_BYTES = 16 * 1_048_576;
const MAX_HEADER_BYTES = 16_384;
const CONNECT_TIMEOUT_MS = 10_000;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * A client for URLs that merchants supply. Names are resolved once for each connection, all of the addresses must
 * be public, and the connection goes to one of those: there is no moment between check and connect. What it is
 * connected to is looked at again before a byte is sent. Redirects are handed back, or followed under the same rules
 * and without the caller's headers when they lead to another origin.
 * The promise resolves when the body has been read. It rejects with {@link UrlRefused}, itself or as `cause`, with
 * {@link AnswerTooLarge}, with a `TimeoutError`, or with the system's error.
 */
export function createGuardedFetch(options: GuardedFetchOptions): GuardedFetch {
  const { timeoutMs = TIMEOUT_MS, maxBytes = MAX_BYTES, maxRedirects = 0 } = options;
  const agent = guardedAgent(options);
  return async (text, request = {}) => {
    const endsAt = performance.now() + Math.min(request.timeoutMs ?? timeoutMs, timeoutMs);
    const most = Math.min(request.maxBytes ?? maxBytes, maxBytes);
    const { method = 'GET', body } = request;
    let { headers } = request;
    let url = admit(text, options);
    for (let hops = 0; ; hops++) {
      const answer = await exchange(
        agent,
        {
          origin: url.origin,
          path: url.pathname + url.search,
          method: method as Dispatcher.HttpMethod,
          headers: { 'accept-encoding': ACCEPT_ENCODING, ...headers },
          body,
        },
        { timeoutMs: endsAt - performance.now(), maxBytes: most },
      );
      const location = REDIRECTS.has(answer.status) ? String(answer.headers.location ?? '') : '';
      const follows = location && maxRedirects > 0 && ['GET', 'HEAD'].includes(method);
      if (!follows) return unpacked(answer, most);
      if (hops >= maxRedirects) throw new UrlRefused(`more than ${maxRedirects} redirects`);
      const next = admit(URL.canParse(location, url.href) ? new URL(location, url).href : location, options);
      // A key for one host is not for the next.
      if (next.origin !== url.origin) headers = undefined;
      url = next;
    }
  };
}

/** @throws UrlRefused naming the rule, never the URL. */
function admit(text: string, policy: UrlPolicy): URL {
  const verdict = judgeUrl(text, policy);
  if (verdict.outcome === 'refused') throw new UrlRefused(`the URL ${verdict.rule}`);
  return verdict.url;
}

function guardedAgent(options: GuardedFetchOptions): Agent {
  const { allowPrivate } = options;
  // Private names are known to the system alone.
  const { lookup = allowPrivate ? (systemLookup as LookupFunction) : nameLookup() } = options;
  const isAllowed = (address: string): boolean =>
    allowPrivate || (options.isAllowed ?? isPublicAddress)(address);
  const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup: guardedLookup(lookup, isAllowed) });
  return new Agent({
    maxHeaderSize: MAX_HEADER_BYTES,
    connections: 64,
    pipelining: 1,
    connect: (target, callback) => {
      connect(target, (error, socket) => {
        if (error || !socket) return callback(error ?? new Error('no connection'), null);
        if (isAllowed((socket as Socket).remoteAddress ?? '')) return callback(null, socket);
        socket.destroy();
        callback(new UrlRefused('the host is not on a public address'), null);
      });
    },
  });
}

/** Resolves like `lookup`, and fails when one of the addresses is not allowed: a host is public as a whole or not. */
function guardedLookup(lookup: LookupFunction, isAllowed: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const addresses = typeof found === 'string' ? [{ address: found, family: isIP(found) }] : (found ?? []);
      if (error) return callback(error, []);
      if (addresses.length === 0 || !addresses.every(({ address }) => isAllowed(address))) {
        return callback(new UrlRefused('the host is not on a public address'), []);
      }
      if (options.all) return callback(null, addresses);
      callback(null, addresses[0]!.address, addresses[0]!.family);
    });
  };
}
