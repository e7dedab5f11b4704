import type { Answer } from '../answer.js';

/** An answer as HTTP says it. */
export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body?: object;
}

export function replyOf(answer: Answer): Reply {
  switch (answer.outcome) {
    case 'ok':
      return { status: 200 };
    case 'unsigned':
      return { status: 401 };
    case 'malformed':
      return { status: 400, body: { error: answer.reason } };
    case 'too-many':
      return { status: 429, headers: { 'retry-after': String(answer.retryAfterSeconds) } };
  }
}
