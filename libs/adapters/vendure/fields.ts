import { createHash } from 'node:crypto';
import { isCardNumberId } from '#core/messaging';

/** Reads untrusted JSON field by field. Every reader throws FieldError with the path of what is wrong. */

export class FieldError extends Error {
  constructor(
    readonly path: string,
    readonly rule: string,
  ) {
    super(`${path} ${rule}`);
  }
}

export type Json = Record<string, unknown>;

export function object(value: unknown, path: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new FieldError(path, 'must be an object');
  }
  return value as Json;
}

/** A list of at most `most` entries. */
export function list<T>(
  value: unknown,
  path: string,
  item: (value: unknown, path: string) => T,
  most = 1_000,
): T[] {
  if (!Array.isArray(value)) throw new FieldError(path, 'must be a list');
  if (value.length > most) throw new FieldError(path, `must have at most ${most} entries`);
  return value.map((v, i) => item(v, `${path}[${i}]`));
}

/** Text of 1 to `longest` characters. */
export function text(value: unknown, path: string, longest = 1_000): string {
  if (typeof value !== 'string' || value === '') throw new FieldError(path, 'must be a text');
  if (value.length > longest) throw new FieldError(path, `must be at most ${longest} characters long`);
  // Postgres stores neither NUL nor half a character.
  if (/[\0\p{Surrogate}]/u.test(value)) throw new FieldError(path, 'must be well-formed text');
  return value;
}

/** An id that is never sent back to the shop. A card number is kept as a hash of it only: that tells it apart as well. */
export function mark(value: unknown, path: string): string {
  const id = text(value, path, 255);
  return isCardNumberId(id) ? createHash('sha256').update(id).digest('hex') : id;
}

/** Like {@link text}, but may be empty. */
export function prose(value: unknown, path: string, longest = 20_000): string {
  return value === '' ? '' : text(value, path, longest);
}

export function whole(value: unknown, path: string, least = 0, most = Number.MAX_SAFE_INTEGER): number {
  if (!Number.isSafeInteger(value) || (value as number) < least) {
    throw new FieldError(path, `must be a whole number of at least ${least}`);
  }
  if ((value as number) > most) throw new FieldError(path, `must be a whole number of at most ${most}`);
  return value as number;
}

export function flag(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw new FieldError(path, 'must be true or false');
  return value;
}

/** An ISO 8601 time with a zone, given back in UTC. */
export function time(value: unknown, path: string): string {
  const given = typeof value === 'string' ? value : '';
  const parsed = new Date(given);
  if (
    !/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(given) ||
    Number.isNaN(parsed.getTime())
  ) {
    throw new FieldError(path, 'must be an ISO 8601 time');
  }
  return parsed.toISOString();
}

export function oneOf<const T extends string>(value: unknown, path: string, words: readonly T[]): T {
  if (!words.includes(value as T)) throw new FieldError(path, `must be one of ${words.join(', ')}`);
  return value as T;
}

export function optional<T>(
  value: unknown,
  path: string,
  read: (value: unknown, path: string) => T,
): T | undefined {
  return value === undefined || value === null ? undefined : read(value, path);
}
