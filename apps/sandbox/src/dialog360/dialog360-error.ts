import { randomBytes } from 'node:crypto';
import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { VendorAnswer } from '../world/vendor-errors.js';

/** A refusal of 360dialog's own, before Meta hears of the call. */
export class Dialog360Error extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }

  body(): object {
    return {
      meta: {
        success: false,
        http_code: this.status,
        developer_message: this.message,
        '360dialog_trace_id': randomBytes(14).toString('base64url'),
      },
    };
  }
}

@Catch(Dialog360Error)
export class Dialog360ErrorFilter implements ExceptionFilter<Dialog360Error> {
  catch(error: Dialog360Error, host: ArgumentsHost): void {
    void host.switchToHttp().getResponse<FastifyReply>().status(error.status).send(error.body());
  }
}

/** The answer to a request that reached no handler, or broke one. */
export function dialog360Failure(method: string, path: string, status: number): VendorAnswer {
  return { status, body: failure(method, path, status).body() };
}

export function notFound(method: string, path: string): Dialog360Error {
  return new Dialog360Error(404, `Not found: ${method} ${path || '/'}`);
}

function failure(method: string, path: string, status: number): Dialog360Error {
  if (status === 404) return notFound(method, path);
  const why = status >= 500 ? 'Internal server error' : 'The request cannot be read';
  return new Dialog360Error(status, REASONS[status] ?? why);
}

const REASONS: Record<number, string> = {
  413: 'The request body is too large',
  415: 'The content type of the request body is not supported',
};
