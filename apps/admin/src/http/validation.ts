import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { fieldProblem, type FieldProblem } from './problem.js';

/** Refuses what a DTO does not name or allow; says which field broke which rule, never its value. */
export function validationPipe(): ValidationPipe {
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    transform: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => fieldProblem(flatten(errors)),
  });
}

export function flatten(errors: readonly ValidationError[], path = ''): FieldProblem[] {
  return errors.flatMap((error) => {
    const field = `${path}${error.property}`;
    const own = Object.entries(error.constraints ?? {}).map(([rule, detail]) => ({ field, rule, detail }));
    return [...own, ...flatten(error.children ?? [], `${field}.`)];
  });
}
