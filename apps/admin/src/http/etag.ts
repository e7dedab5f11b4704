import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { AdminRequest } from '../auth/access.js';
import { problem } from './problem.js';

/** What `If-Match` says. @throws ProblemException 428 when it says nothing. */
export const IfMatch = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const { headers } = context.switchToHttp().getRequest<AdminRequest>();
  const given = headers['if-match'];
  if (given === undefined) {
    throw problem(
      428,
      'if_match_missing',
      'send If-Match with the ETag that you read, so that no change is lost',
    );
  }
  return given;
});

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
