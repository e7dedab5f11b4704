import { readGraphError, type GraphRefusal } from '#adapters/whatsapp-cloud';
import { cleared } from '#core/messaging';

/** Meta's code for a token that is none: 360dialog's key is to it what the token is to Meta. */
export const NO_KEY = 190;
const NOT_ALLOWED = 10;
const TOO_MANY_CALLS = 4;
/** Meta's code for a request that is wrong in a way that nothing says. */
const WRONG_REQUEST = 135000;

/**
 * What 360dialog itself refuses, before Meta hears of it, in Meta's codes; and what Meta refuses in an envelope of
 * 360dialog's. Undefined when it is neither. Sources: docs.360dialog.com/partner/support-and-updates/help-and-troubleshooting/error-messages
 * (`meta`), docs.360dialog.com/docs/messaging-api/api-reference/webhooks (`error` as a text), and
 * docs.360dialog.com/docs/resources/marketing-messages/expected-errors-and-programming-languages (`detail`).
 */
export function readRefusal(status: number, body: unknown): GraphRefusal | undefined {
  if (!isObject(body)) return undefined;
  const enveloped = readGraphError(body) ?? readGraphError(body.detail);
  if (enveloped) return enveloped;
  const said = textOf(body);
  // A server's own failure may hide an acceptance.
  if (said === undefined || status < 400 || status >= 500) return undefined;
  return { code: codeOf(status, said), details: cleared(said) };
}

function codeOf(status: number, said: string): number {
  if (status === 401) return NO_KEY;
  if (status === 403) return NOT_ALLOWED;
  if (status === 429 || /exceeded the limit/i.test(said)) return TOO_MANY_CALLS;
  return WRONG_REQUEST;
}

/** The words of a refusal; undefined when the body has none of 360dialog's shapes. */
function textOf({ meta, error, detail }: Record<string, unknown>): string | undefined {
  const own = isObject(meta) ? (meta.developer_message ?? meta.developerMessage ?? '') : (error ?? detail);
  return typeof own === 'string' ? own : undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
