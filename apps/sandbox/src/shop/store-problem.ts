import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

/** A refusal of the store contract: an RFC 9457 problem document with a stable `code`. */
export class StoreProblem extends HttpException {
  constructor(status: number, code: string, title: string, more: Record<string, unknown> = {}) {
    super({ type: `urn:waco:store:${code.replaceAll('_', '-')}`, title, status, code, ...more }, status);
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
