import { KEY_FIELDS_BEFORE, readPerson, identifyingAliases } from '#core/messaging';

/** The array of what identifies the person of a jsonb column, in whichever form it was written, as SQL. */
export function keysIn(column: string): string {
  const before = KEY_FIELDS_BEFORE.map((field) => `${column}->>'${field}'`).join(', ');
  const aliases = `jsonb_path_query(${column}, 'lax $.aliases[*] ? (@.scheme != "username").value')`;
  return `(ARRAY[${before}] || ARRAY(SELECT alias #>> '{}' FROM ${aliases} AS alias))`;
}

/** What identifies the person of a row, in whichever form it was written. */
export function keysOf(person: object): string[] {
  return identifyingAliases(readPerson(person)).map(({ value }) => value);
}
