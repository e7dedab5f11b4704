import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { hideLinks, maskDeep } from '../operations/mask.js';
import { requestContext } from '../request-context.js';
import type { AdminRequest } from './access.js';
import { problem } from './problem.js';

/** What an answer shows of a value. */
export interface Showing {
  show: <T>(value: T) => T;
}

/**
 * What this request is shown of personal data: phone numbers masked, unless it says `unmasked=true` and its key has
 * `people:unmask`. What is shown in full is noted in the audit log before it is answered.
 * @throws ProblemException 403.
 */
export const Shown = createParamDecorator((_: unknown, context: ExecutionContext): Showing => {
  const { query, caller } = context.switchToHttp().getRequest<AdminRequest>();
  if ((query as { unmasked?: unknown }).unmasked !== 'true') return { show: maskDeep };
  if (!caller?.scopes.includes('people:unmask')) {
    throw problem(403, 'scope_missing', 'this needs a key with people:unmask');
  }
  const known = requestContext();
  if (known) known.unmasked = true;
  return { show: hideLinks };
});
