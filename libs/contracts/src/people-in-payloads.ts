import { readPerson, writtenPerson } from '#core/messaging';
import type { JobContract } from './job.js';

/** A stored payload as its handler takes it, its people in whichever form they were written. */
export function readPayload<P extends object>(contract: JobContract<P>, payload: P): P {
  return withPeople(contract, payload, readPerson);
}

/** A payload as it is stored: with its people in the form that the release before reads, too. */
export function writtenPayload<P extends object>(contract: JobContract<P>, payload: P): P {
  return withPeople(contract, payload, (person) => writtenPerson(readPerson(person)));
}

/** What is no object is left: the contract's rules speak of it. */
function withPeople<P extends object>(
  { people = [] }: JobContract<P>,
  payload: P,
  change: (person: object) => object,
): P {
  if (people.length === 0) return payload;
  const changed: Record<string, unknown> = {};
  for (const field of people) {
    const person = (payload as Record<string, unknown>)[field];
    if (typeof person === 'object' && person !== null) changed[field] = change(person);
  }
  return { ...payload, ...changed };
}
