import { maskPeople } from '#platform';

/** Ids that the board's page sends back; a job's is a number or a hash. */
const IDS = new Set(['id', 'jobId']);

/**
 * An answer of the board with whatever identifies a person masked in all of its texts: names of jobs, reasons and stack
 * traces of failures, logs. An error's text quotes what it was about.
 */
export function maskAnswer(value: unknown): unknown {
  if (typeof value === 'string') return maskPeople(value);
  if (Array.isArray(value)) return value.map(maskAnswer);
  if (typeof value !== 'object' || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      IDS.has(key) && typeof inner === 'string' ? inner : maskAnswer(inner),
    ]),
  );
}
