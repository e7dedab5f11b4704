import type { StripeBooks } from './stripe-books.js';
import { StripeError } from './stripe-error.js';
import type { LineItemObject, SessionDoc } from './stripe.types.js';

interface ApiList {
  object: 'list';
  data: LineItemObject[];
  has_more: boolean;
  url: string;
}

/** A session's line items as the API lists them. */
export function lineItems(session: SessionDoc, limit = 10, after?: string): ApiList {
  const start = after ? session.lines.findIndex((line) => line.id === after) + 1 : 0;
  const data = session.lines.slice(start, start + limit);
  return {
    object: 'list',
    data,
    has_more: start + data.length < session.lines.length,
    url: `/v1/checkout/sessions/${session.object.id}/line_items`,
  };
}

/**
 * Replaces ids by the objects they name, for each path such as `payment_intent.latest_charge`.
 * @throws StripeError when a path names no expandable property.
 */
export function expand(
  books: StripeBooks,
  root: Record<string, unknown>,
  paths: string[],
): Record<string, unknown> {
  return paths.reduce((object, path) => expandPath(books, object, path.split('.'), path), root);
}

function expandPath(
  books: StripeBooks,
  object: Record<string, unknown>,
  [name, ...rest]: string[],
  whole: string,
): Record<string, unknown> {
  const key = name ?? '';
  const value = key === 'line_items' ? sessionLines(books, object) : object[key];
  if (value === null) return object;
  const found = typeof value === 'string' ? lookUp(books, value) : value;
  if (typeof found !== 'object' || found === null) {
    throw new StripeError(`This property cannot be expanded (${whole}).`);
  }
  const child = found as Record<string, unknown>;
  return { ...object, [key]: rest.length > 0 ? expandPath(books, child, rest, whole) : child };
}

function lookUp(books: StripeBooks, id: string): object | undefined {
  if (id.startsWith('pi_')) return books.intents.get(id)?.object;
  if (id.startsWith('ch_')) return books.charges.get(id)?.object;
  return undefined;
}

function sessionLines(books: StripeBooks, object: Record<string, unknown>): ApiList | undefined {
  const session = books.sessions.get(String(object['id']));
  return session && lineItems(session);
}
