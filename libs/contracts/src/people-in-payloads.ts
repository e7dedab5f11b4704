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
  return people.reduce((changed, path) => at(path, changed, change), payload);
}

/** The object with what stands at a path changed: `person`, or `members[].person` for that of each in a list. */
function at<P extends object>(path: string, object: P, change: (person: object) => object): P {
  const [field, inEach] = path.split('[].') as [string, string | undefined];
  const value = (object as Record<string, unknown>)[field];
  const changed = (one: unknown): unknown => {
    if (typeof one !== 'object' || one === null) return one;
    return inEach === undefined ? change(one) : at(inEach, one, change);
  };
  if (inEach === undefined)
    return typeof value === 'object' ? { ...object, [field]: changed(value) } : object;
  return Array.isArray(value) ? { ...object, [field]: value.map(changed) } : object;
}
