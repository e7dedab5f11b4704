import { fromCursor } from '../cursors.js';
import { InvalidFields } from '../refusal.js';

/** Where the page before ended: a moment and what tells apart what happened at that moment. */
export interface After {
  at: string;
  key: string;
}

const TIME = /^\d{4}-(0\d|1[0-2])-[0-3]\dT[012]\d:[0-5]\d:[0-5]\d\.\d{3,6}Z$/;

/** A time as PostgreSQL has it, to the microsecond: a JavaScript date is too coarse to go on from. */
export function exactly(column: string): string {
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

/** The text to make a cursor of. */
export function keyOf(at: string, key: string): string {
  return JSON.stringify([at, key]);
}

/** `keys`: what tells apart in this list. @throws Refusal `invalid` for a cursor that no page of it gave. */
export function afterOf(cursor: string | undefined, keys = /^[\x21-\x7e]{1,100}$/): After | undefined {
  const text = fromCursor(cursor);
  if (text === undefined) return undefined;
  try {
    const [at, key] = JSON.parse(text) as unknown[];
    if (typeof at === 'string' && typeof key === 'string' && TIME.test(at) && keys.test(key))
      return { at, key };
  } catch {
    // said below: whatever it is, it is not ours
  }
  throw badCursor();
}

/** The same for lists in the order of one number. */
export function numberAfter(cursor: string | undefined): string | undefined {
  const text = fromCursor(cursor);
  if (text !== undefined && !/^\d{1,18}$/.test(text)) throw badCursor();
  return text;
}

function badCursor() {
  const detail = 'cursor must be the nextCursor of the page before';
  return new InvalidFields([{ field: 'cursor', rule: 'matches', detail }]);
}
