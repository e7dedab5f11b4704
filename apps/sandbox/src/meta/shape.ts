import { GraphError } from './graph-error.js';
import type { Json } from './model.js';

/** Readers of untrusted JSON that refuse with the Graph API's codes: 100 for shape, 131009 for values. */

interface Keys {
  required?: string[];
  optional?: string[];
}

/** An object with exactly the keys that are allowed: an unknown nested key is refused, as Meta does. */
export function readObject(value: unknown, path: string, keys: Keys): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new GraphError(100, `Parameter '${path}' must be an object`);
  }
  const given = value as Json;
  const allowed = [...(keys.required ?? []), ...(keys.optional ?? [])];
  for (const key of Object.keys(given)) {
    if (!allowed.includes(key)) throw new GraphError(100, `Unexpected key "${key}" on param '${path}'`);
  }
  for (const key of keys.required ?? []) {
    if (given[key] === undefined || given[key] === null) {
      throw new GraphError(100, `The parameter ${path}['${key}'] is required`);
    }
  }
  return given;
}

export interface TextRule {
  max: number;
  /** The code for an empty or overlong text. */
  code?: number;
}

/** A non-empty string of at most `max` UTF-16 units. */
export function readText(value: unknown, path: string, { max, code = 131009 }: TextRule): string {
  if (typeof value !== 'string') throw new GraphError(100, `Parameter '${path}' must be a string`);
  if (value.trim() === '') throw new GraphError(code, `Parameter '${path}' must not be empty`);
  if (value.length > max) {
    throw new GraphError(code, `Parameter '${path}' has ${value.length} characters, the limit is ${max}`);
  }
  return value;
}

/** A list of `min` to `max` items. */
export function readList(value: unknown, path: string, min: number, max: number, code = 131009): unknown[] {
  if (!Array.isArray(value)) throw new GraphError(100, `Parameter '${path}' must be an array`);
  if (value.length < min || value.length > max) {
    throw new GraphError(code, `Invalid count of '${path}': ${value.length}, allowed are ${min} to ${max}`);
  }
  return value;
}

export function readOneOf<T extends string>(value: unknown, path: string, allowed: readonly T[]): T {
  if (!allowed.includes(value as T)) {
    throw new GraphError(100, `Parameter '${path}' must be one of {${allowed.join(', ')}}`);
  }
  return value as T;
}

export function readUrl(value: unknown, path: string, max = 2_000, code = 131009): string {
  const url = readText(value, path, { max, code });
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new GraphError(code, `Parameter '${path}' is not a valid URL`);
  }
  return url;
}

export function refuseDuplicates(values: string[], what: string): void {
  if (new Set(values).size !== values.length) throw new GraphError(131009, `Duplicated ${what}`);
}
