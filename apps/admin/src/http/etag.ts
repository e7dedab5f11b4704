import { createHash } from 'node:crypto';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { AdminRequest } from '../auth/access.js';
import { problem } from './problem.js';

/** What `If-Match` says. @throws ProblemException 428 when it says nothing. */
export const IfMatch = createParamDecorator((_: unknown, context: ExecutionContext): string =>
  mustMatch(ifMatchOf(context)),
);

/** What `If-Match` says, where it may say nothing: what is new has no version. */
export const MaybeIfMatch = createParamDecorator((_: unknown, context: ExecutionContext) =>
  ifMatchOf(context),
);

function ifMatchOf(context: ExecutionContext): string | undefined {
  return context.switchToHttp().getRequest<AdminRequest>().headers['if-match'];
}

function mustMatch(ifMatch: string | undefined): string {
  if (ifMatch !== undefined) return ifMatch;
  const detail = 'send If-Match with the ETag that you read, so that no change is lost';
  throw problem(428, 'if_match_missing', detail);
}

/** @throws ProblemException 428 when nothing was said, 412 when it was changed since the caller read it. */
export function requireVersion(ifMatch: string | undefined, version: number): void {
  requireMatch(mustMatch(ifMatch), version);
}

/** The version as an ETag (RFC 9110, 8.8.3). */
export function etag(version: number): string {
  return `"${version}"`;
}

/** @throws ProblemException 412 when it was changed since the caller read it. */
export function requireMatch(ifMatch: string, version: number): void {
  requireTag(ifMatch, etag(version));
}

function requireTag(ifMatch: string, tag: string): void {
  const named = ifMatch.split(',').map((said) => said.trim());
  if (!named.includes('*') && !named.includes(tag)) {
    throw problem(412, 'changed_since', 'it was changed since you read it: read it again');
  }
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

/** Where `If-Match` may be left out. @throws ProblemException 412 when it is not, and says something else. */
export function matchIfSaid(ifMatch: string | undefined, row: { verifiedAt: Date | null } | null): void {
  if (ifMatch !== undefined) requireTag(ifMatch, row ? tagOf(row) : '');
}

/** Puts the version of what is answered into the answer's ETag. */
export function withEtag<T>(reply: FastifyReply, version: number, view: T): T {
  void reply.header('etag', etag(version));
  return view;
}

/** The same for a row that counts no versions. */
export function withTag<T>(reply: FastifyReply, row: { verifiedAt: Date | null }, view: T): T {
  void reply.header('etag', tagOf(row));
  return view;
}
