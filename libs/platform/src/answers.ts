import { ServerResponse, STATUS_CODES, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyError, FastifyReply } from 'fastify';
import type { Logger } from 'nestjs-pino';

/** On every answer of every process, unless the answer says otherwise itself, as pages do. */
const HEADERS: readonly (readonly [name: string, value: string])[] = [
  [
    'content-security-policy',
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
  ['referrer-policy', 'no-referrer'],
  ['cache-control', 'no-store'],
];

/**
 * Puts {@link HEADERS} on what is answered, at the last place that all answers pass: Nest's, Fastify's, its router's,
 * and those that Node gives by itself, to a request without a host for example. A webhook's 200 goes without: it has no
 * body to guard, and comes by the thousand a second.
 */
class GuardedResponse<R extends IncomingMessage> extends ServerResponse<R> {
  override writeHead(status: number, ...rest: unknown[]): this {
    if (status !== 200 || !saysEmpty(rest[0])) {
      for (const [name, value] of HEADERS) if (!this.hasHeader(name)) this.setHeader(name, value);
    }
    return super.writeHead(status, ...(rest as []));
  }
}

function saysEmpty(headers: unknown): boolean {
  const length = (headers as Record<string, unknown> | undefined)?.['content-length'];
  return length === 0 || length === '0';
}

/** Why, said in our own words: an error's own message may quote what was sent. */
const DETAILS: Readonly<Record<number, readonly [code: string, detail: string]>> = {
  400: ['bad_request', 'this is not a request that can be read'],
  404: ['not_found', 'there is nothing at this address'],
  408: ['request_timeout', 'the request did not come in time'],
  413: ['body_too_large', 'the body is too large'],
  414: ['bad_address', 'the address is too long or not a valid one'],
  415: ['unsupported_media_type', 'a body of this type is not taken'],
  431: ['headers_too_large', 'the headers are too large'],
  500: ['internal', 'something went wrong here; it has been logged'],
  503: ['unavailable', 'something this service depends on does not answer'],
};

/** An error as an RFC 9457 problem document. It repeats nothing of the request. */
function errorBody(status: number, known = DETAILS[status], extra: object = {}): string {
  const [code, detail] = known ?? ['error', 'this cannot be done'];
  return JSON.stringify({ type: 'about:blank', title: STATUS_CODES[status], status, code, detail, ...extra });
}

const PROBLEM = 'application/problem+json; charset=utf-8';

/** Fastify's options for a server whose every answer, errors before any route included, is one of ours. */
export const ANSWERS = {
  http: { ServerResponse: GuardedResponse },
  /** An address that the router cannot read never reaches Nest; Fastify's own answer repeats all of it. */
  frameworkErrors: ({ statusCode = 400 }: FastifyError, _request: unknown, reply: FastifyReply): void =>
    void reply.code(statusCode).type(PROBLEM).send(errorBody(statusCode, DETAILS[414])),
  clientErrorHandler: answerUnreadable,
} as const;

/** What the HTTP parser refuses has no response object: the answer is written to the socket. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const { _httpMessage: answered } = socket as Socket & { _httpMessage?: ServerResponse };
  if (socket.writable && !answered?.headersSent) {
    const status = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }[error.code ?? ''] ?? 400;
    const body = errorBody(status);
    const headers = [
      ...HEADERS,
      ['content-type', PROBLEM],
      ['content-length', String(Buffer.byteLength(body))],
      ['connection', 'close'],
    ].map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${headers.join('')}\r\n${body}`);
  }
  socket.destroy(error);
}

/** Answers whatever a handler, a parser or Nest's router throws. */
@Catch()
export class ErrorAnswers implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const status = statusOf(error);
    if (status >= 500 && status !== 503) {
      // Not the error itself: a database error carries the statement's parameters.
      const { message, stack } = error instanceof Error ? error : new Error(String(error));
      this.logger.error({ event: 'request.failed', reason: message, stack });
    }
    if (reply.sent) return;
    void reply
      .status(status)
      .header('content-type', PROBLEM)
      .send(errorBody(status, undefined, told(error)));
  }
}

/** Errors of the router and the body parsers carry a client's status; all others are ours. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const { statusCode } = (error ?? {}) as { statusCode?: unknown };
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : 500;
}

/** What readiness says beside its status: names of ours. */
function told(error: unknown): object {
  const said = error instanceof HttpException ? error.getResponse() : {};
  return typeof said === 'object' && 'failing' in said ? { failing: said.failing } : {};
}
