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

const CONDITIONAL: string = 'conditionalValidation';
const CUSTOM: string = 'customValidation';
const checks = new WeakMap<JobContract, Check | 'unsure'>();

/**
 * Whether `payload` keeps the rules of its contract, by the same validators as class-validator's `validate`, prepared
 * once for each contract: for what comes by the thousand a second. Where it says no, or the contract has rules that
 * cannot be prepared (nested ones, groups), `validate` decides and says why.
 */
export function surelyKeepsContract(contract: JobContract, payload: object): boolean {
  let check = checks.get(contract);
  if (!check) checks.set(contract, (check = prepare(contract)));
  return check !== 'unsure' && check(payload as Record<string, unknown>);
}

/**
 * The fields and rules of the contract that `payload` breaks, without values. Undefined: it keeps the contract. Fields
 * that the contract does not name are not looked at. The payload is not transformed into a class, as that takes time
 * that grows with the square of its keys.
 */
export function brokenRules(contract: JobContract, payload: unknown): string | undefined {
  if (typeof payload !== 'object' || payload === null) return 'the payload must be an object';
  if (surelyKeepsContract(contract, payload)) return undefined;
  const given = payload as Record<string, unknown>;
  const rules = getMetadataStorage().getTargetValidationMetadatas(contract.payload, '', false, false);
  const declared = [...new Set(rules.map((rule) => rule.propertyName))].filter((name) =>
    Object.hasOwn(given, name),
  );
  const instance: object = Object.assign(
    Object.create(contract.payload.prototype as object) as object,
    Object.fromEntries(declared.map((name) => [name, given[name]])),
  );
  const broken = validateSync(instance, { forbidUnknownValues: false }).flatMap((error) =>
    Object.values(error.constraints ?? {}),
  );
  return broken.length === 0 ? undefined : broken.join(', ');
}

function prepare({ payload }: JobContract): Check | 'unsure' {
  const byProperty = new Map<string, Metadata[]>();
  for (const metadata of getMetadataStorage().getTargetValidationMetadatas(payload, '', false, false)) {
    const simple = metadata.type === CONDITIONAL || metadata.type === CUSTOM;
    if (!simple || metadata.validateIf || metadata.groups?.length) return 'unsure';
    byProperty.set(metadata.propertyName, [...(byProperty.get(metadata.propertyName) ?? []), metadata]);
  }
  const properties = [...byProperty].map(([name, all]) => ({
    name,
    conditions: all.filter((m) => m.type === CONDITIONAL).map(conditionOf),
    rules: all.filter((m) => m.type === CUSTOM).flatMap((m) => rulesOf(m, payload.name)),
  }));
  return (payload) => {
    for (const { name, conditions, rules } of properties) {
      const value = payload[name];
      if (!conditions.every((condition) => condition(payload, value))) continue;
      if (!rules.every((rule) => rule(payload, value))) return false;
    }
    return true;
  };
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
