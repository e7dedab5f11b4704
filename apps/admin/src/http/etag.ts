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
  const named = ifMatch.split(',').map((tag) => tag.trim());
  if (!named.includes('*') && !named.includes(etag(version))) {
    throw problem(412, 'changed_since', 'it was changed since you read it: read it again');
  }
}

/** Puts the version of what is answered into the answer's ETag. */
export function withEtag<T>(reply: FastifyReply, version: number, view: T): T {
  void reply.header('etag', etag(version));
  return view;
}
