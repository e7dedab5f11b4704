import { createHash } from 'node:crypto';
import { Refusal } from './refusal.js';

/** The version as an ETag (RFC 9110, 8.8.3). */
export function etag(version: number): string {
  return `"${version}"`;
}

/** The ETag of a row that counts no versions: whatever of it anybody sets changes it, sealed secrets too. */
export function tagOf<T extends { verifiedAt: Date | null }>({ verifiedAt: _when, ...set }: T): string {
  const hash = createHash('sha256').update(JSON.stringify(set, inOrder)).digest('hex');
  return `"${hash.slice(0, 32)}"`;
}

/** Keys stand in an order of their own: the database gives a document's back in another one than it was given. */
function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** @throws Refusal `version_missing` when the caller does not say what it read. */
export function mustMatch(ifMatch: string | undefined): string {
  if (ifMatch !== undefined) return ifMatch;
  const detail = 'send If-Match with the ETag that you read, so that no change is lost';
  throw new Refusal('version_missing', 'if_match_missing', detail);
}

/** @throws Refusal `version_missing` when nothing was said, `changed` when it was since the caller read it. */
export function requireVersion(ifMatch: string | undefined, version: number): void {
  requireMatch(mustMatch(ifMatch), version);
}

/** @throws Refusal `changed` when it was since the caller read it. */
export function requireMatch(ifMatch: string, version: number): void {
  requireTag(ifMatch, etag(version));
}

/** Where `If-Match` may be left out. @throws Refusal `changed` when it is not, and says something else. */
export function matchIfSaid(ifMatch: string | undefined, row: { verifiedAt: Date | null } | null): void {
  if (ifMatch !== undefined) requireTag(ifMatch, row ? tagOf(row) : '');
}

function requireTag(ifMatch: string, tag: string): void {
  const named = ifMatch.split(',').map((said) => said.trim());
  if (!named.includes('*') && !named.includes(tag)) {
    throw new Refusal('changed', 'changed_since', 'it was changed since you read it: read it again');
  }
}
