import { ApiProperty, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';
import { IsUrl, Matches, MaxLength } from 'class-validator';
import type { Field, Fields, Vendor } from '#vendors';
import { InvalidFields } from '../refusal.js';
import { MayBeAbsent } from './optional.js';
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

/** Checks a body by its class, as the pipe checks others. @throws Refusal `invalid` */
export async function check<T extends object>(body: unknown, form: Class<T>): Promise<T> {
  return (await PIPE.transform(body ?? {}, { type: 'body', metatype: form })) as T;
}

/** The same for a vendor's form, with what its fields say together. @throws Refusal `invalid` */
export async function checkForm<T extends object>(
  { wrongIn }: Pick<Vendor, 'wrongIn'>,
  body: unknown,
  form: Class<T>,
): Promise<T> {
  const given = await check(body, form);
  const wrong = wrongIn?.(given as Fields);
  if (!wrong) return given;
  const { field, words } = wrong;
  throw new InvalidFields([{ field, rule: 'together', detail: `${field} ${words}` }]);
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
