import { createHash } from 'node:crypto';
import { CUT, isCardNumberId, maskCardNumbers, spelledId } from '#core/messaging';

/** What a webhook's JSON is made of, before anything is known about it. */
export type Json = Record<string, unknown>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function object(value: unknown): Json {
  return isObject(value) ? value : {};
}

/** A list whatever came: nothing is an empty one, a single thing a list of one. */
export function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}

/** Non-empty text, or undefined. */
export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function finite(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/**
 * An id as text, also when it came as a number. Longer than `max` characters is no id: it would not fit an index. Nor is a
 * card number: ids are stored and sent as they are.
 */
export function identifier(value: unknown, max = 256): string | undefined {
  const id = idOf(value, max);
  return id !== undefined && !isCardNumberId(id) ? id : undefined;
}

/** Phone numbers of Indonesia may have 14 digits and more, and begin as UnionPay's cards do. */
const LONG_PHONE = /^62\d{12,13}$/;

/** An id of a person, who may be a phone number; longer than any that exists is none. */
export function personId(value: unknown): string | undefined {
  const id = idOf(value, 150);
  return id !== undefined && LONG_PHONE.test(id) ? id : identifier(value, 150);
}

/** The id of something that we had offered, as it is kept here: card numbers are spelled. */
export function offeredId(value: unknown, max?: number): string | undefined {
  const id = idOf(value, max);
  return id === undefined ? undefined : spelledId(id);
}

/** The id of an account or number of a business, which Meta chose: some of them have a card's length and check digit. */
export function idOf(value: unknown, max = 64): string | undefined {
  const id = typeof value === 'number' && Number.isFinite(value) ? String(value) : text(value);
  return id !== undefined && id.length <= max ? id : undefined;
}

/** A number between `-most` and `most`, with so many decimals at most. */
export function rounded(value: unknown, most: number, decimals: number): number | undefined {
  const number = finite(value);
  if (number === undefined || Math.abs(number) > most) return undefined;
  return Number(number.toFixed(decimals));
}

const EARLIEST = Date.UTC(2009, 0, 1);
const LATEST = Date.UTC(2100, 0, 1);

/** Unix seconds, as text or number; undefined when that is no time at which WhatsApp existed. */
export function unixTime(value: unknown): Date | undefined {
  const seconds = finite(value);
  if (seconds === undefined) return undefined;
  const ms = Math.round(seconds * 1_000);
  return ms >= EARLIEST && ms < LATEST ? new Date(ms) : undefined;
}

/** Without the properties that are undefined. For records whose keys are known. */
export function compact<T extends object>(value: T): T {
  const without: Partial<T> = {};
  for (const key in value) if (value[key] !== undefined) without[key] = value[key];
  return without as T;
}

/** What lies deeper does not count when two values are compared: no body can exhaust the stack. */
const DEEPEST = 100;

/** The same for two values that are equal as JSON, whatever the order of their keys. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(canonical(value, DEEPEST)).digest('hex');
}

function canonical(value: unknown, depth: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (depth === 0) return 'deeper';
  if (Array.isArray(value)) return `[${value.map((v) => canonical(v, depth - 1)).join(',')}]`;
  const inner = value as Json;
  const keys = Object.keys(inner).sort();
  return `{${keys.map((k) => `${JSON.stringify(k)}:${canonical(inner[k], depth - 1)}`).join(',')}}`;
}

/**
 * Joins the parts of an external id; a long one is hashed, so that it fits the journal's unique index, and so is one in
 * which there may be a card number.
 */
export function externalId(...parts: string[]): string {
  const id = parts.join('/');
  return id.length <= 500 && !maskCardNumbers(id).found ? id : `${parts[0]}/${hashOf(parts)}`;
}

/** Twice what WhatsApp lets a person write (4,096 characters, which may be two units each). */
const LONGEST_TEXT = 8_192;

/** A card number with all that may stand between its digits. */
const LONGEST_WRITTEN = 1_024;

/** At most so many units of a text that nobody writes so long. */
export function cut(text: string, longest: number): string {
  return text.length <= longest ? text : text.slice(0, longest) + CUT;
}

/** Fields of Meta's that hold whose something is: phone numbers of 13 digits look like old card numbers. */
const PERSON_IDS: ReadonlySet<string> = new Set(['from', 'wa_id', 'recipient_id', 'user_id', 'from_user_id']);

/** Masks card numbers in what a person typed, and remembers whether there was one. */
export class Typed {
  found = false;

  text(value: string, longest = LONGEST_TEXT): string {
    // A number across the cut would be too short to be found.
    const masked = maskCardNumbers(value.slice(0, longest + LONGEST_WRITTEN));
    this.found ||= masked.found;
    return cut(masked.text, longest);
  }

  optional(value: unknown, longest?: number): string | undefined {
    const given = text(value);
    return given === undefined ? undefined : this.text(given, longest);
  }

  /** Everything in a value whose shape is not known: a person may have typed any of it. */
  everything(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value);
    if (typeof value === 'number') {
      const masked = Math.abs(value) >= 1e11 ? this.text(String(value)) : String(value);
      return masked === String(value) ? value : masked;
    }
    if (Array.isArray(value)) return value.map((v) => this.everything(v));
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([k, v]) => [
        this.text(k),
        PERSON_IDS.has(k) && personId(v) !== undefined ? v : this.everything(v),
      ]),
    );
  }
}
