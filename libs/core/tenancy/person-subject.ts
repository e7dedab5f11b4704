import { formsOf, KEY_FIELDS_BEFORE } from '../messaging/index.js';
import type { PersonAlias } from './person-alias.js';

/** Everything by which rows of one person are found, at one merchant. */
export interface PersonSubject {
  /** Values of aliases that identify, as channels write them: a phone number in each of its forms. */
  keys: string[];
  usernames: string[];
  contactIds: string[];
  /** Former ids of merged threads among them. */
  threadIds: string[];
  /** Lines of the journal that are named after the person. */
  streams: string[];
}

/** How many rows of what were deleted or emptied. */
export type ErasureReport = Record<string, number>;

export const emptySubject: PersonSubject = {
  keys: [],
  usernames: [],
  contactIds: [],
  threadIds: [],
  streams: [],
};

/** What one name says of a person. */
export function seedOf({ kind, value }: PersonAlias): PersonSubject {
  switch (kind) {
    case 'phone':
      return { ...emptySubject, keys: formsOf(value) };
    case 'user_id':
      return { ...emptySubject, keys: [value] };
    case 'username':
      return { ...emptySubject, usernames: [value] };
    case 'contact_id':
      return { ...emptySubject, contactIds: [value] };
  }
}

/** Both together, each thing once, and each number in all its forms. */
export function joinSubjects(a: PersonSubject, b: PersonSubject): PersonSubject {
  const both = (field: keyof PersonSubject): string[] => [...new Set([...a[field], ...b[field]])];
  return {
    keys: [...new Set(both('keys').flatMap(formsOf))],
    usernames: both('usernames'),
    contactIds: both('contactIds'),
    threadIds: both('threadIds'),
    streams: both('streams'),
  };
}

/** Fields under which a person's key stands in the payloads that Waco writes: an alias has it as its `value`. */
const KEY_FIELDS = [...KEY_FIELDS_BEFORE, 'value'];

/**
 * What the text of a payload contains that is this person's, whenever it was written (`ids`: they are never given to
 * anybody else) and as far as it was written before they came anew (`names`). JSON is stored as `JSON.stringify` gives it.
 */
export function mentions(subject: PersonSubject): { ids: string[]; names: string[] } {
  const { keys, contactIds, threadIds, streams } = subject;
  return {
    ids: [...contactIds, ...threadIds].map((id) => JSON.stringify(id)),
    names: [
      ...keys.flatMap((key) => KEY_FIELDS.map((field) => `"${field}":${JSON.stringify(key)}`)),
      ...streams.map((stream) => JSON.stringify(stream)),
    ],
  };
}
