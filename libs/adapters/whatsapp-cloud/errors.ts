import { cleared } from '#core/messaging';

/** What the Graph API says when it refuses. Only `code` decides: titles change, and `error_subcode` is gone. */
export interface GraphRefusal {
  code: number;
  details: string;
}

/** Reads an error body; undefined when it is not the Graph API's own (a proxy, a load balancer). */
export function readGraphError(body: unknown): GraphRefusal | undefined {
  if (!isObject(body) || !isObject(body.error)) return undefined;
  const { code, message, error_data: data } = body.error;
  if (typeof code !== 'number') return undefined;
  const details = isObject(data) && typeof data.details === 'string' ? data.details : undefined;
  // It may repeat what was sent, or what a person had written.
  return { code, details: cleared(details ?? (typeof message === 'string' ? message : '')) };
}

/** A Graph call other than a send did not do what was asked. */
export class GraphCallError extends Error {
  constructor(
    /** The Graph API's code; undefined when it did not answer as the Graph API does. */
    readonly code: number | undefined,
    readonly details: string,
    readonly httpStatus: number | undefined,
  ) {
    super(code === undefined ? details : `(#${code}) ${details}`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
