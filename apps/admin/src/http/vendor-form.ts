import { ApiProperty, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';
import { IsUrl, Matches, MaxLength } from 'class-validator';
import type { Caller } from '#core/tenancy';
import type { Given } from '#persistence';
import { judgeUrl, urlPolicyFromEnv } from '#platform';
import type { Field, Fields, Vendor } from '#vendors';
import type { AdminEnv } from '../env.js';
import { MayBeAbsent } from './optional.js';
import { fieldProblem } from './problem.js';
import { validationPipe } from './validation.js';
import { Visible } from './visible.js';

/** Stands for a secret in every answer. */
export const IS_SET = { type: String, enum: ['set'], description: 'Stored encrypted; never shown.' } as const;

type Class<T extends object = object> = new () => T;

/** A body: what all accounts of a port have, and the fields of one vendor. */
export type Form<C extends object = object> = C & Record<string, string | undefined>;

/** The class of such a body, with the rules and the documentation of each field. */
export function formOf<C extends object>(
  name: string,
  fields: readonly Field[],
  common: Class<C>,
): Class<Form<C>> {
  return classOf(name, common, fields, (field) => {
    const { help, example, secret, optional } = field;
    const description = [help, secret ? 'Write-only: answers say `set`.' : undefined]
      .filter(Boolean)
      .join(' ');
    const documented = {
      type: String,
      description,
      ...(example && { example }),
      ...(secret && { writeOnly: true }),
    };
    return [
      ...(optional ? [ApiPropertyOptional(documented), MayBeAbsent()] : [ApiProperty(documented)]),
      ...rulesOf(field),
    ];
  }) as Class<Form<C>>;
}

/** The class of an answer: the same fields, secrets as `set`. */
export function viewOf<C extends object>(name: string, fields: readonly Field[], common: Class<C>): Class<C> {
  const shownFields = fields.filter(({ secret, optional }) => !(secret && optional));
  return classOf(name, common, shownFields, ({ secret, help, optional }) => [
    ApiProperty({
      ...(secret ? IS_SET : { type: String, description: help }),
      ...(optional && { required: false }),
    }),
  ]);
}

/** One of these classes, in the API's documents. */
export function oneOf(classes: readonly Class[]) {
  const refs = classes.map((each) => ({ $ref: getSchemaPath(each) }));
  return refs.length === 1 ? refs[0]! : { oneOf: refs };
}

const PIPE = validationPipe();

/** Checks a body by its class, as the pipe checks others. @throws ProblemException 400 */
export async function check<T extends object>(body: unknown, form: Class<T>): Promise<T> {
  return (await PIPE.transform(body ?? {}, { type: 'body', metatype: form })) as T;
}

/** The same for a vendor's form, with what its fields say together. @throws ProblemException 400 */
export async function checkForm<T extends object>(
  { wrongIn }: Pick<Vendor, 'wrongIn'>,
  body: unknown,
  form: Class<T>,
): Promise<T> {
  const given = await check(body, form);
  const wrong = wrongIn?.(given as Fields);
  if (!wrong) return given;
  const { field, words } = wrong;
  throw fieldProblem([{ field, rule: 'together', detail: `${field} ${words}` }]);
}

/** Divides the values of a vendor's fields into settings, which are shown, and credentials, which are sealed. */
export function divide({ fields, isOfBefore = false }: Vendor, given: object): Given {
  const values = given as Record<string, string | undefined>;
  const part = (secret: boolean): Record<string, string> =>
    Object.fromEntries(
      fields
        .filter((field) => field.secret === secret)
        .flatMap(({ name, kind }) => {
          const value = values[name];
          if (value === undefined) return [];
          return [[name, kind === 'url' ? value.replace(/\/+$/, '') : value]];
        }),
    );
  return { settings: part(false), credentials: part(true), before: isOfBefore };
}

/**
 * What we are to call for a merchant is public. In development and tests it may be on this machine, if an operator says so.
 * @throws ProblemException 400
 */
export function requirePublicUrls(
  fields: readonly Field[],
  settings: Readonly<Record<string, string>>,
  caller: Caller,
  env: AdminEnv,
): void {
  const allowPrivate = caller.kind === 'operator' && urlPolicyFromEnv(env).allowPrivate;
  const problems = fields.flatMap(({ name: field, kind }) => {
    const url = settings[field];
    const verdict = kind === 'url' && url !== undefined ? judgeUrl(url, { allowPrivate }) : undefined;
    if (verdict?.outcome !== 'refused') return [];
    return [{ field, rule: 'isPublicHttpsUrl', detail: `${field} ${verdict.rule}` }];
  });
  if (problems.length > 0) throw fieldProblem(problems);
}

/** These fields as answers show them: of secrets those that must be given. */
export function shown(
  fields: readonly Field[],
  settings: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    fields.flatMap(({ name, secret, optional }) => {
      const value = secret && !optional ? 'set' : settings[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** A kind as the name of a class begins. */
export function capital(kind: string): string {
  return kind[0]!.toUpperCase() + kind.slice(1);
}

function rulesOf({ name, kind, rule, words }: Field): PropertyDecorator[] {
  const matches = Matches(rule, { message: `${name} ${words}` });
  switch (kind) {
    case 'url':
      return [
        Visible(),
        MaxLength(500),
        matches,
        IsUrl(
          { require_tld: false, require_protocol: true, protocols: ['http', 'https'], disallow_auth: true },
          { message: `${name} must be an http(s) URL without a user name` },
        ),
      ];
    case 'name':
      return [Visible(), matches];
    default:
      return [matches];
  }
}

function classOf<C extends object>(
  name: string,
  common: Class<C>,
  fields: readonly Field[],
  decorators: (field: Field) => PropertyDecorator[],
): Class<C> {
  class Made extends (common as Class) {}
  Object.defineProperty(Made, 'name', { value: name });
  for (const field of fields) {
    for (const decorate of decorators(field)) decorate(Made.prototype, field.name);
  }
  return Made as Class<C>;
}
