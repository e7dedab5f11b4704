import { randomBytes } from 'node:crypto';
import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { VendorAnswer } from '../world/vendor-errors.js';

/** Titles as Meta words them, with the HTTP status that goes with each. */
const KNOWN: Record<number, [title: string, status: number]> = {
  1: ['An unknown error occurred', 500],
  2: ['Service temporarily unavailable', 503],
  4: ['Application request limit reached', 429],
  10: ['Application does not have permission for this action', 403],
  100: ['Invalid parameter', 400],
  190: ['Invalid OAuth access token - Cannot parse access token', 401],
  368: ['Temporarily blocked for policies violations', 403],
  80007: ['There have been too many calls to this WhatsApp Business account', 429],
  130429: ['Rate limit hit', 429],
  131000: ['Something went wrong', 500],
  131008: ['Required parameter is missing', 400],
  131009: ['Parameter value is not valid', 400],
  131016: ['Service unavailable', 500],
  131026: ['Message undeliverable', 400],
  131031: ['Business Account locked', 403],
  131042: ['Business eligibility payment issue', 400],
  131047: ['Re-engagement message', 400],
  131048: ['Spam rate limit hit', 429],
  131049: ['Message not delivered to maintain healthy ecosystem engagement', 400],
  131051: ['Unsupported message type', 400],
  131053: ['Media upload error', 400],
  131056: ['(Business Account, Consumer Account) pair rate limit hit', 429],
  132000: ['Number of parameters does not match the expected number of params', 400],
  132001: ['Template name does not exist in the translation', 404],
  132005: ['Translated text too long', 400],
  132012: ['Parameter format does not match format in the created template', 400],
  132015: ['Template is paused', 400],
  132016: ['Template is disabled', 400],
  132018: ['Issue with the parameters in the template', 400],
};

interface Options {
  /** Unless given, that which goes with the code. */
  status?: number;
  /** The whole message, for refusals of the Graph API itself; those of WhatsApp have a title and details. */
  message?: string;
  type?: 'OAuthException' | 'GraphMethodException';
  /** Only refusals of the Graph API itself have one; WhatsApp's have none since v16.0. */
  subcode?: number;
}

/** A refusal in the Graph API's own shape. */
export class GraphError extends Error {
  readonly status: number;

  constructor(
    readonly code: number,
    readonly details: string,
    private readonly options: Options = {},
  ) {
    super(options.message ?? `(#${code}) ${errorTitle(code)}`);
    this.status = options.status ?? KNOWN[code]?.[1] ?? 400;
  }

  body(): object {
    const { message, type = 'OAuthException', subcode } = this.options;
    return {
      error: {
        message: this.message,
        type,
        code: this.code,
        ...(subcode !== undefined && { error_subcode: subcode }),
        ...(message === undefined && {
          error_data: { messaging_product: 'whatsapp', details: this.details },
        }),
        fbtrace_id: `A${randomBytes(11).toString('base64url')}`,
      },
    };
  }

  /** The same error where it stands in a webhook. */
  webhook(): object {
    return {
      code: this.code,
      title: errorTitle(this.code),
      message: errorTitle(this.code),
      error_data: { details: this.details },
      href: 'https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/',
    };
  }
}

/** A refusal of the Graph API itself, which says all in its message. */
export function graphRefusal(message: string, options: Omit<Options, 'message'> & { code?: number } = {}) {
  const { code = 100, ...rest } = options;
  const numbered = rest.type === 'GraphMethodException' || code === 2500 ? message : `(#${code}) ${message}`;
  return new GraphError(code, message, { ...rest, message: numbered });
}

/** The object is not there, is another's, or cannot do this: the Graph API does not say which. */
export function unsupported(method: string, id: string): GraphError {
  return graphRefusal(
    `Unsupported ${method.toLowerCase()} request. Object with ID '${id}' does not exist, cannot be loaded due to ` +
      'missing permissions, or does not support this operation. Please read the Graph API documentation at ' +
      'https://developers.facebook.com/docs/graph-api',
    { type: 'GraphMethodException', subcode: 33 },
  );
}

export function unknownPath(path: string): GraphError {
  return graphRefusal(`Unknown path components: ${path}`, { code: 2500 });
}

/** What can follow an id. Asked with a method that it does not take, it is the object that does not support it. */
const EDGES = [
  'media',
  'message_templates',
  'messages',
  'phone_numbers',
  'subscribed_apps',
  'whatsapp_business_profile',
];

/** The answer to a request that reached no handler, or broke one. */
export function graphFailure(method: string, path: string, status: number): VendorAnswer {
  const error = failure(method, path, status);
  return { status: error.status, body: error.body() };
}

/** The host of downloads refuses without a word. */
export function lookasideFailure(_method: string, _path: string, status: number): VendorAnswer {
  return { status, body: undefined };
}

function failure(method: string, path: string, status: number): GraphError {
  const [version = '', id, ...rest] = path.split('/').filter((part) => part !== '');
  switch (status) {
    case 404: {
      if (id === undefined) return unknownPath(`/${version}`);
      const known = rest.length === 0 || (rest.length === 1 && EDGES.includes(rest[0]!));
      return known ? unsupported(method, id) : unknownPath(`/${rest.join('/')}`);
    }
    case 413:
      return graphRefusal('The request body is too large', { status });
    case 415:
      return graphRefusal('The content type of the request body is not supported', { status: 400 });
    default:
      if (status >= 500) return new GraphError(1, 'An unknown error occurred', { status });
      return graphRefusal('The request cannot be read', { status });
  }
}

function errorTitle(code: number): string {
  return KNOWN[code]?.[0] ?? 'Something went wrong';
}

@Catch(GraphError)
export class GraphErrorFilter implements ExceptionFilter<GraphError> {
  catch(error: GraphError, host: ArgumentsHost): void {
    void host.switchToHttp().getResponse<FastifyReply>().status(error.status).send(error.body());
  }
}
