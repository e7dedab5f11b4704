import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { etag, mustMatch, tagOf } from '../versions.js';
import type { AdminRequest } from './access.js';

/** What `If-Match` says. @throws Refusal `version_missing` when it says nothing. */
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
