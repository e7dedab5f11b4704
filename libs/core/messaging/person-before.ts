import { SCHEME, type Alias, type PersonRef } from './person.js';

/**
 * The form that the release before gave a person, in payloads, in rows and in `conversation.aliases.kind`. Both releases run
 * side by side while one is replaced by the other, and each handles what the other has written: so a person is written in
 * both forms, and read in either. No service names a field of before.
 *
 * This release writes the fields of before beside `aliases` (expand). The next one writes `aliases` alone, and `phone` as the
 * kind of a number (contract): `writtenPerson` and `kindOf` go then. `readPerson` stays for as long as rows of before are
 * kept: an order keeps its person for years.
 */
const FIELDS = [
  ['user_id', 'userId'],
  ['parent_user_id', 'parentUserId'],
  ['phone', 'waId'],
  ['username', 'username'],
] as const;

/** A person as it is written: what the release before reads, and `aliases`. */
export type WrittenPerson = PersonRef & { [field in (typeof FIELDS)[number][1]]?: string };

export function writtenPerson({ aliases, name }: PersonRef): WrittenPerson {
  const before: Record<string, string> = {};
  for (const [scheme, field] of FIELDS) {
    const alias = aliases.find((one) => one.scheme === scheme);
    if (alias) before[field] = alias.value;
  }
  return { ...before, ...(name === undefined ? {} : { name }), aliases };
}

/**
 * A person in whichever form it was written. Where both are there the fields of before count: the release before passes on
 * what it does not know, and masks it as a text if it looks like a card number.
 */
export function readPerson(written: object): PersonRef {
  const { name, aliases, ...fields } = written as Record<string, unknown>;
  const before = FIELDS.flatMap(([scheme, field]) => aliasesIn([{ scheme, value: fields[field] }]));
  const others = aliasesIn(aliases).filter(({ scheme }) => before.every((one) => one.scheme !== scheme));
  const all = { aliases: [...before, ...others] };
  return typeof name === 'string' ? { ...all, name } : all;
}

function aliasesIn(list: unknown): Alias[] {
  if (!Array.isArray(list)) return [];
  return (list as Partial<Record<string, unknown>>[]).flatMap((one) => {
    const { scheme, value } = one ?? {};
    const isAlias = typeof scheme === 'string' && SCHEME.test(scheme) && typeof value === 'string' && value;
    return isAlias ? [{ scheme, value }] : [];
  });
}

/** Fields of before that hold what identifies, for who looks for them in stored JSON. */
export const KEY_FIELDS_BEFORE: readonly string[] = FIELDS.filter(([scheme]) => scheme !== 'username').map(
  ([, field]) => field,
);

const PHONE_KIND = 'wa_id';

/** What a scheme is called in `conversation.aliases.kind`. */
export const kindOf = (scheme: string): string => (scheme === 'phone' ? PHONE_KIND : scheme);

/** The scheme of a kind in `conversation.aliases`. */
export const schemeOf = (kind: string): string => (kind === PHONE_KIND ? 'phone' : kind);
