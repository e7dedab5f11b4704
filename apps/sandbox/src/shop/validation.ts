import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { StoreProblem } from './store-problem.js';

/** Checks a body or a query against its class; what is unknown is ignored, as the contract promises. */
export function storeValidation(): ValidationPipe {
  return new ValidationPipe({
    transform: true,
    whitelist: true,
    exceptionFactory: (errors) =>
      new StoreProblem(400, 'invalid_request', 'The request is not valid', {
        detail: firstRule(errors, '') ?? 'the body must be a JSON object',
      }),
  });
}

function firstRule(errors: ValidationError[], path: string): string | undefined {
  for (const error of errors) {
    const here = /^\d+$/.test(error.property) ? `${path}[${error.property}]` : join(path, error.property);
    const rule = Object.values(error.constraints ?? {})[0];
    if (rule) return `${here}: ${rule}`;
    const nested = firstRule(error.children ?? [], here);
    if (nested) return nested;
  }
  return undefined;
}

function join(path: string, property: string): string {
  return path ? `${path}.${property}` : property;
}
