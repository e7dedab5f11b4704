import { applyDecorators } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBearerAuth,
  ApiExtraModels,
  ApiForbiddenResponse,
  ApiHeader,
  ApiResponse,
  ApiTags,
  ApiTooManyRequestsResponse,
  ApiUnauthorizedResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import { Problem } from './problem.js';

const PROBLEM = { 'application/problem+json': { schema: { $ref: getSchemaPath(Problem) } } };

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  404: 'There is no such thing.',
  409: 'It stands against something that is there already.',
  412: 'It was changed since it was read: `If-Match` is not its ETag.',
  422: 'Understood, but it cannot be done.',
  428: 'Send the ETag that was read as `If-Match`.',
  502: 'The vendor refused or did not answer.',
};

/** What every resource's routes have in common. */
export function ApiResource(tag: string) {
  return applyDecorators(
    ApiTags(tag),
    ApiBearerAuth(),
    ApiExtraModels(Problem),
    ApiBadRequestResponse({ description: 'A field breaks a rule: `errors` names both.', content: PROBLEM }),
    ApiUnauthorizedResponse({ description: 'No key, or one that is not good.', content: PROBLEM }),
    ApiForbiddenResponse({
      description: 'The key may not do this, or not for this merchant.',
      content: PROBLEM,
    }),
    ApiTooManyRequestsResponse({
      description: 'Too many requests, or too many wrong keys: wait for `Retry-After` seconds.',
      content: PROBLEM,
    }),
  );
}

export function ApiProblems(...statuses: (404 | 409 | 412 | 422 | 428 | 502)[]) {
  return applyDecorators(
    ...statuses.map((status) =>
      ApiResponse({ status, description: DESCRIPTIONS[status]!, content: PROBLEM }),
    ),
  );
}

export function ApiIdempotencyKey() {
  return applyDecorators(
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        'Repeating a request with the same key within 24 hours gives the first answer again, with ' +
        '`Idempotency-Replayed: true`.',
      schema: { type: 'string', minLength: 1, maxLength: 255 },
    }),
    ApiProblems(422),
  );
}

/**
 * For a change to something that two people could change at once. `required: false`: what is new has no ETag; what is
 * there is not changed without one all the same, unless it is `asked` for by nobody.
 */
export function ApiIfMatch({ required = true, asked = true } = {}) {
  return applyDecorators(
    ApiHeader({
      name: 'If-Match',
      required,
      description: 'The ETag that came with what is being changed, or `*` to change it whatever it is.',
      schema: { type: 'string', example: '"3"' },
    }),
    ApiProblems(412, ...(asked ? [428 as const] : [])),
  );
}
