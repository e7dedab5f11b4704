import type { Caller } from '#core/tenancy';
import type { Given } from '#persistence';
import { judgeUrl, urlPolicyFromEnv } from '#platform';
import type { Field, Vendor } from '#vendors';
import type { AdminEnv } from '../env.js';
import { InvalidFields } from '../refusal.js';

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
 * @throws Refusal `invalid`
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
  if (problems.length > 0) throw new InvalidFields(problems);
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
