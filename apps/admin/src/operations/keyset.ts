import { fieldProblem } from '../http/problem.js';
import { fromCursor } from '../http/page.dto.js';

/** Where the page before ended: a moment and what tells apart what happened at that moment. */
export interface After {
  at: string;
  key: string;
}

/** A time as PostgreSQL has it, to the microsecond: a JavaScript date is too coarse to go on from. */
export function exactly(column: string): string {
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

/** The text to make a cursor of. */
export function keyOf(at: string, key: string): string {
  return JSON.stringify([at, key]);
}

/** @throws ProblemException 400 for a cursor that no page of this list gave. */
export function afterOf(cursor: string | undefined): After | undefined {
  const text = fromCursor(cursor);
  if (text === undefined) return undefined;
  try {
    const [at, key] = JSON.parse(text) as unknown[];
    if (typeof at === 'string' && typeof key === 'string' && !Number.isNaN(Date.parse(at)))
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
  return fieldProblem([{ field: 'cursor', rule: 'matches', detail }]);
}
