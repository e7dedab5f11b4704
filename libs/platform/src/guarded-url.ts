import { isIP } from 'node:net';
import { isPublicAddress } from './guarded-address.js';

/** What URLs of people who are not trusted with this network may be. */
export interface UrlPolicy {
  /** Also http, any port, names without a dot, and private addresses: development and tests. */
  allowPrivate: boolean;
  /** For tests: http and any port, with everything else as strict as it is. */
  insecure?: boolean;
}

export type UrlVerdict = { outcome: 'allowed'; url: URL } | { outcome: 'refused'; rule: string };

/** Longer ones are nobody's shop. */
const MAX_LENGTH = 2_048;
/** Names that networks keep for themselves (RFC 6761, 6762, 7686, 8375, 9476, and habits of data centres). */
const INNER_NAMES =
  /(^|\.)(localhost|localdomain|local|internal|intranet|private|corp|home|lan|home\.arpa|in-addr\.arpa|ip6\.arpa|svc|cluster|consul|onion|alt|invalid|test)$/;
/** Databases, queues and control planes. What else is below 1024, but 443, is refused as a whole. */
const INNER_PORTS = new Set([
  1433, 1521, 2049, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 4369, 5432, 5672, 5900, 5984, 6379, 6443, 8500,
  9042, 9092, 9200, 9300, 10250, 10255, 11211, 15672, 27017,
]);

/**
 * Judges a URL as written; what its name resolves to is judged when the connection is made. Numbers in any base and
 * other scripts' digits have become plain addresses by the time the host is looked at: that is the URL parser's work.
 */
export function judgeUrl(text: string, policy: UrlPolicy): UrlVerdict {
  const refused = (rule: string): UrlVerdict => ({ outcome: 'refused', rule });
  if (text.length > MAX_LENGTH) return refused(`must have at most ${MAX_LENGTH} characters`);
  // The parser would repair these, and another parser differently.
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u0020\u007f-\u00a0\\]/.test(text)) return refused('must have no blanks and no backslashes');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:\/\//i.test(text)) return refused('must be an http(s) URL');
  if (url.username || url.password || /^https?:\/\/[^/?#]*@/i.test(text)) {
    return refused('must have no user name');
  }
  if (policy.allowPrivate) return { outcome: 'allowed', url };
  if (!policy.insecure && url.protocol !== 'https:') return refused('must be https');
  const port = Number(url.port || 443);
  if (!policy.insecure && ((port !== 443 && port < 1_024) || INNER_PORTS.has(port)))
    return refused('must not name this port');
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (isIP(host)) {
    return isPublicAddress(host) ? { outcome: 'allowed', url } : refused('must be on a public address');
  }
  if (!isPublicName(host)) return refused('must be on a public host');
  return { outcome: 'allowed', url };
}

function isPublicName(host: string): boolean {
  if (host.length > 253 || !host.includes('.') || INNER_NAMES.test(host)) return false;
  const labels = host.split('.');
  // A last label of digits is an address to some resolvers, and no top-level domain.
  return (
    labels.every((l) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(l)) && /[a-z]/.test(labels.at(-1)!)
  );
}

/** The policy that the environment asks for. Unset, private addresses are open to tests alone. */
export function urlPolicyFromEnv(env: {
  NODE_ENV?: string;
  WACO_ALLOW_PRIVATE_URLS?: 'true' | 'false';
}): UrlPolicy {
  const allowPrivate =
    env.WACO_ALLOW_PRIVATE_URLS === 'true' ||
    (env.WACO_ALLOW_PRIVATE_URLS === undefined && env.NODE_ENV === 'test');
  if (allowPrivate && env.NODE_ENV !== 'development' && env.NODE_ENV !== 'test') {
    throw new Error('WACO_ALLOW_PRIVATE_URLS is for development and tests: unset it in production');
  }
  return { allowPrivate };
}
