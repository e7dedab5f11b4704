import { randomBytes } from 'node:crypto';
import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

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
  131056: ['(Business Account, Consumer Account) pair rate limit hit', 429],
  132000: ['Number of parameters does not match the expected number of params', 400],
  132001: ['Template name does not exist in the translation', 404],
  132005: ['Translated text too long', 400],
  132012: ['Parameter format does not match format in the created template', 400],
  132015: ['Template is paused', 400],
  132016: ['Template is disabled', 400],
  132018: ['Issue with the parameters in the template', 400],
};

/** A refusal in the Graph API's own shape. There is no `error_subcode`: it is gone since v16.0. */
export class GraphError extends Error {
  readonly status: number;

  constructor(
    readonly code: number,
    readonly details: string,
    status?: number,
  ) {
    super(`(#${code}) ${errorTitle(code)}`);
    this.status = status ?? KNOWN[code]?.[1] ?? 400;
  }

  body(): object {
    return {
      error: {
        message: this.message,
        type: 'OAuthException',
        code: this.code,
        error_data: { messaging_product: 'whatsapp', details: this.details },
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

function errorTitle(code: number): string {
  return KNOWN[code]?.[0] ?? 'Something went wrong';
}

@Catch(GraphError)
export class GraphErrorFilter implements ExceptionFilter<GraphError> {
  catch(error: GraphError, host: ArgumentsHost): void {
    void host.switchToHttp().getResponse<FastifyReply>().status(error.status).send(error.body());
  }
}
