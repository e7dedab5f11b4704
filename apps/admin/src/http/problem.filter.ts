import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Logger } from 'nestjs-pino';
import { Refusal, type RefusalKind } from '../refusal.js';
import { problemBody, ProblemException, type Problem } from './problem.js';

/** What HTTP makes of a refusal. */
const STATUSES: Readonly<Record<RefusalKind, number>> = {
  invalid: 400,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  changed: 412,
  impossible: 422,
  version_missing: 428,
  unreachable: 502,
};

const CODES: Readonly<Record<number, string>> = {
  400: 'bad_request',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'body_too_large',
  415: 'unsupported_media_type',
  500: 'internal',
  503: 'unavailable',
};

/** Said instead of an error's own message: a parser's may quote the body. */
const DETAILS: Readonly<Record<number, string>> = {
  400: 'the body is not valid JSON',
  404: 'there is nothing at this address',
  413: 'the body is larger than this call takes: 64 KiB, of heads of the audit log 1 MiB',
  415: 'send the body as application/json',
  500: 'something went wrong here; it has been logged',
  503: 'something this service depends on does not answer',
};

/** Every error answer of this service: an RFC 9457 problem document that repeats nothing it was sent. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const body = toProblem(error);
    if (body.status >= 500 && body.status !== 503) {
      const known = error instanceof Error ? error : new Error(String(error));
      // Not the error itself: a database error carries the statement's parameters.
      this.logger.error({ event: 'request.failed', reason: known.message, stack: known.stack });
    }
    sendProblem(host.switchToHttp().getResponse<FastifyReply>(), body);
  }
}

export function sendProblem(reply: FastifyReply, body: Problem): void {
  if (reply.sent) return;
  if (body.status === 401) void reply.header('www-authenticate', 'Bearer realm="waco"');
  void reply
    .status(body.status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .send(JSON.stringify(body));
}

/** PostgreSQL's "character not in repertoire" and "untranslatable character". */
const UNSTORABLE = ['22021', '22P05'];

export function toProblem(error: unknown): Problem {
  if (error instanceof ProblemException) return error.problem;
  if (error instanceof Refusal) {
    return problemBody(STATUSES[error.kind], error.code, error.message, error.facts);
  }
  if (UNSTORABLE.includes((error as { driverError?: { code?: string } } | null)?.driverError?.code ?? '')) {
    return problemBody(400, 'bad_request', 'the request holds a character that cannot be stored (U+0000)');
  }
  const status = statusOf(error);
  const answer = error instanceof HttpException ? error.getResponse() : {};
  const extra = typeof answer === 'object' && 'failing' in answer ? { failing: answer.failing } : {};
  return problemBody(status, CODES[status] ?? 'error', DETAILS[status] ?? 'this cannot be done', extra);
}

/** Errors raised before any handler (body parsers, the router) carry a client's status; all others are ours. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const { statusCode } = (error ?? {}) as { statusCode?: unknown };
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : 500;
}
