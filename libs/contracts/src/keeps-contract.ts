import {
  getMetadataStorage,
  validateSync,
  type ValidationArguments,
  type ValidatorConstraintInterface,
} from 'class-validator';
import type { JobContract } from './job.js';

type Metadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];
type Rule = (payload: Record<string, unknown>, value: unknown) => boolean;
type Check = (payload: Record<string, unknown>) => boolean;

/** What is known of a contract's payload from its class, worked out once. */
interface Prepared {
  /** The properties that the class declares. */
  names: readonly string[];
  /** Whether a payload keeps the rules for sure; undefined for rules that cannot be prepared (nested ones, groups). */
  check: Check | undefined;
}

const CONDITIONAL: string = 'conditionalValidation';
const CUSTOM: string = 'customValidation';
const known = new WeakMap<JobContract, Prepared>();

/**
 * The rules that a payload breaks, with the fields that break them; undefined when it keeps its contract. The values of
 * fields are looked at as far as the rules say, and never walked or copied: they may hold whatever a stranger sent.
 */
export function brokenRules(contract: JobContract, payload: unknown): string | undefined {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
    return 'it must be an object';
  const { check } = preparedOf(contract);
  if (check?.(payload as Record<string, unknown>)) return undefined;
  const instance = Object.assign(
    Object.create(contract.payload.prototype as object) as object,
    declaredOf(contract, payload),
  );
  const errors = validateSync(instance, { forbidUnknownValues: false });
  if (errors.length === 0) return undefined;
  return errors.flatMap((error) => Object.values(error.constraints ?? {})).join(', ');
}

/** The payload with the fields that its contract declares, and no other. */
export function declaredOf<P extends object>(contract: JobContract<P>, payload: P): P {
  const declared: Record<string, unknown> = {};
  for (const name of preparedOf(contract as JobContract).names) {
    const value = (payload as Record<string, unknown>)[name];
    if (value !== undefined) declared[name] = value;
  }
  return declared as P;
}

function preparedOf(contract: JobContract): Prepared {
  const prepared = known.get(contract) ?? prepare(contract);
  known.set(contract, prepared);
  return prepared;
}

function prepare({ payload }: JobContract): Prepared {
  const all = getMetadataStorage().getTargetValidationMetadatas(payload, '', false, false);
  const names = [...new Set(all.map((metadata) => metadata.propertyName))];
  const isSimple = ({ type, validateIf, groups }: Metadata): boolean =>
    (type === CONDITIONAL || type === CUSTOM) && !validateIf && !groups?.length;
  if (!all.every(isSimple)) return { names, check: undefined };
  const properties = names.map((name) => {
    const own = all.filter((metadata) => metadata.propertyName === name);
    return {
      name,
      conditions: own.filter((m) => m.type === CONDITIONAL).map(conditionOf),
      rules: own.filter((m) => m.type === CUSTOM).flatMap((m) => rulesOf(m, payload.name)),
    };
  });
  const check: Check = (given) => {
    for (const { name, conditions, rules } of properties) {
      const value = given[name];
      if (!conditions.every((condition) => condition(given, value))) continue;
      if (!rules.every((rule) => rule(given, value))) return false;
    }
    return true;
  };
  return { names, check };
}

function conditionOf({ constraints }: Metadata): Rule {
  return constraints![0] as Rule;
}

function rulesOf(metadata: Metadata, targetName: string): Rule[] {
  return getMetadataStorage()
    .getTargetValidatorConstraints(metadata.constraintCls)
    .map(({ instance }) => {
      const validator = instance as ValidatorConstraintInterface;
      // One for all calls: a validator looks at it before it returns.
      const given: ValidationArguments = {
        constraints: metadata.constraints ?? [],
        property: metadata.propertyName,
        targetName,
        value: undefined,
        object: {},
      };
      const holds: Rule = (object, value) => {
        given.object = object;
        given.value = value;
        return validator.validate(value, given) === true;
      };
      if (!metadata.each) return holds;
      return (object, value) => Array.isArray(value) && value.every((v) => holds(object, v));
    });
}
