import { HttpException } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** One field that broke one rule. The value is never repeated: it may be a secret. */
export class FieldProblem {
  @ApiProperty({ type: String, description: 'Path of the field, e.g. `parameters.0`.', example: 'currency' })
  field: string;

  @ApiProperty({ type: String, description: 'Short name of the rule.', example: 'isISO4217CurrencyCode' })
  rule: string;

  @ApiProperty({ type: String, example: 'currency must be an ISO 4217 code in capitals, e.g. AED' })
  detail: string;
}

/** An error answer, RFC 9457. Branch on `code`. */
export class Problem {
  @ApiProperty({ type: String, example: 'about:blank' }) type: string;
  @ApiProperty({ type: String, example: 'Unprocessable Content' }) title: string;
  @ApiProperty({ type: Number, example: 422 }) status: number;
  @ApiProperty({ type: String, example: 'idempotency_key_reused' }) code: string;
  @ApiProperty({ type: String }) detail: string;
  @ApiPropertyOptional({ type: [FieldProblem], description: 'Fields that broke a rule.' })
  errors?: FieldProblem[];
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  428: 'Precondition Required',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
};

/** The body of an error answer. `extra` members stand beside the standard ones. */
export function problemBody(status: number, code: string, detail: string, extra: object = {}): Problem {
  return { type: 'about:blank', title: TITLES[status] ?? 'Error', status, code, detail, ...extra };
}

export class ProblemException extends HttpException {
  constructor(readonly problem: Problem) {
    super(problem, problem.status);
  }
}

/** Answers the request with a problem document. */
export function problem(status: number, code: string, detail: string, extra: object = {}): ProblemException {
  return new ProblemException(problemBody(status, code, detail, extra));
}
