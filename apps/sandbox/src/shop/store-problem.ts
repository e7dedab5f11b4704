import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { VendorAnswer } from '../world/vendor-errors.js';

/** A refusal of the store contract: an RFC 9457 problem document with a stable `code`. */
export class StoreProblem extends HttpException {
  constructor(status: number, code: string, title: string, more: Record<string, unknown> = {}) {
    super({ type: `urn:waco:store:${code.replaceAll('_', '-')}`, title, status, code, ...more }, status);
  }
}

/** The answer to a request that reached no handler, or broke one. */
export function storeFailure(method: string, _path: string, status: number): VendorAnswer {
  const problem = failure(method, status);
  const headers = { 'content-type': 'application/problem+json' };
  return { status: problem.getStatus(), body: problem.getResponse() as object, headers };
}

function failure(method: string, status: number): StoreProblem {
  if (status >= 500) return new StoreProblem(status, 'internal', 'Something went wrong in the shop');
  switch (status) {
    case 404:
      return new StoreProblem(404, 'not_found', `There is nothing at this address for ${method}`);
    case 413:
      return new StoreProblem(413, 'too_large', 'The request body is too large');
    case 415:
      return new StoreProblem(415, 'unsupported_media_type', 'The body must be JSON', {
        detail: 'content-type: must be application/json',
      });
    default:
      return new StoreProblem(status, 'invalid_request', 'The request is not valid', {
        detail: 'the body must be JSON',
      });
  }
}

/** Answers every failure of a store call as `application/problem+json`. */
@Catch(HttpException)
export class StoreProblemFilter implements ExceptionFilter<HttpException> {
  catch(error: HttpException, host: ArgumentsHost): void {
    const status = error.getStatus();
    const known =
      error instanceof StoreProblem ? error : new StoreProblem(status, 'http_error', error.message);
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (status === 429 || status === 503) void reply.header('retry-after', '1');
    void reply.status(status).type('application/problem+json').send(JSON.stringify(known.getResponse()));
  }
}
