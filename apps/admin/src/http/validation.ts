import { ValidationPipe, type ArgumentMetadata, type ValidationError } from '@nestjs/common';
import { getMetadataStorage } from 'class-validator';
import { InvalidFields, type BrokenRule } from '../refusal.js';

/** Fields that nobody knows are named up to this many. */
const MOST_NAMED = 20;

/** Refuses what a DTO does not name or allow; says which field broke which rule, never its value. */
export function validationPipe(): ValidationPipe {
  return new KnownFieldsPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    transform: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => new InvalidFields(flatten(errors)),
  });
}

/** A field that the DTO does not name is refused unread. A class is made of the other fields only. */
class KnownFieldsPipe extends ValidationPipe {
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const known = knownFields(metadata.metatype);
    if (!known || !isPlainObject(value)) return super.transform(value, metadata);
    const unknown = Object.keys(value).filter((name) => !known.has(name));
    if (unknown.length === 0) return super.transform(value, metadata);
    const errors = unknown.slice(0, MOST_NAMED).map((field) => ({
      field,
      rule: 'whitelistValidation',
      detail: `property ${field} should not exist`,
    }));
    const rest = Object.fromEntries(Object.entries(value).filter(([name]) => known.has(name)));
    throw new InvalidFields(
      [...(await this.problemsOf(rest, metadata)), ...errors],
      unknown.length - errors.length,
    );
  }

  private async problemsOf(value: object, metadata: ArgumentMetadata): Promise<readonly BrokenRule[]> {
    try {
      await super.transform(value, metadata);
      return [];
    } catch (error) {
      if (error instanceof InvalidFields) return error.errors;
      throw error;
    }
  }
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Fields with rules. Undefined: no class of ours. */
function knownFields(metatype: ArgumentMetadata['metatype']): Set<string> | undefined {
  if (!metatype) return undefined;
  const rules = getMetadataStorage().getTargetValidationMetadatas(metatype, '', false, false);
  return rules.length === 0 ? undefined : new Set(rules.map((rule) => rule.propertyName));
}

export function flatten(errors: readonly ValidationError[], path = ''): BrokenRule[] {
  return errors.flatMap((error) => {
    const field = `${path}${error.property}`;
    const own = Object.entries(error.constraints ?? {}).map(([rule, detail]) => ({ field, rule, detail }));
    return [...own, ...flatten(error.children ?? [], `${field}.`)];
  });
}
