import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** A refusal in the shape of the vendor at whose address it happened. */
export interface VendorAnswer {
  status: number;
  /** JSON; undefined is an answer without a body. */
  body: object | undefined;
  headers?: Record<string, string>;
}

/** `path` is what follows the vendor's address. */
export type VendorShape = (method: string, path: string, status: number) => VendorAnswer;

/** The shape of each vendor, by the beginning of its addresses. */
export type VendorShapes = Readonly<Record<string, VendorShape>>;

/** The answer of the vendor at this address to a request that reached no handler; nothing where no vendor is. */
export function vendorAnswer(
  shapes: VendorShapes,
  { method, url }: Pick<FastifyRequest, 'method' | 'url'>,
  status: number,
): VendorAnswer | undefined {
  const path = url.split('?')[0]!;
  const at = Object.keys(shapes).find((prefix) => path === prefix || path.startsWith(`${prefix}/`));
  return at === undefined ? undefined : shapes[at]!(method, path.slice(at.length), status);
}

export function sendAnswer(reply: FastifyReply, { status, body, headers = {} }: VendorAnswer): void {
  void reply.status(status);
  if (body === undefined) void reply.send();
  else void reply.headers({ 'content-type': 'application/json', ...headers }).send(JSON.stringify(body));
}

/** Whatever no controller answers for: unknown addresses, bodies that cannot be read, and our own mistakes. */
@Catch()
export class VendorErrors implements ExceptionFilter {
  private readonly log = new Logger(VendorErrors.name);

  constructor(
    private readonly shapes: VendorShapes,
    /** Answers where no vendor is. */
    private readonly elsewhere: ExceptionFilter['catch'],
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const status = statusOf(error);
    const answer = vendorAnswer(this.shapes, http.getRequest<FastifyRequest>(), status);
    if (!answer) {
      this.elsewhere(error, host);
      return;
    }
    if (status >= 500) this.log.error(error);
    const reply = http.getResponse<FastifyReply>();
    if (!reply.sent) sendAnswer(reply, answer);
  }
}

/** The router's and the body parsers' errors carry a client's status; others are ours. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const { statusCode } = (error ?? {}) as { statusCode?: unknown };
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : 500;
}
