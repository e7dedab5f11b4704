import { ValidateIf } from 'class-validator';

/** The field may be left out. Unlike `@IsOptional()` it may not be null. */
export function MayBeAbsent(): PropertyDecorator {
  return ValidateIf((_object, value) => value !== undefined);
}
