import type { Dispatcher } from 'undici';

export interface GuardedAnswer {
  status: number;
  /** As the server sent them, with names in lower case. A name that came twice has a list. */
  headers: Record<string, string | string[] | undefined>;
  /** The whole body, decompressed. */
  body: Buffer;
}

/** The answer's body is larger than it may be; it was not read to its end. */
export class AnswerTooLarge extends Error {
  readonly code = 'ANSWER_TOO_LARGE';
  override readonly name = 'AnswerTooLarge';

  constructor(maxBytes: number) {
    super(`answer must be at most ${maxBytes} bytes`);
  }
}

/**
 * Sends one request and collects its answer, with the body still compressed. undici's `fetch` takes five times the
 * processor time for this. Its `request` rejects on an abort only after the connection is made.
 */
export function exchange(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  limits: { timeoutMs: number; maxBytes: number },
): Promise<GuardedAnswer> {
  return new Promise((resolve, reject) => {
    const collector = new Collector(limits.maxBytes, resolve, reject);
    const late = (): void => collector.fail(new DOMException('no answer in time', 'TimeoutError'));
    collector.timer = setTimeout(late, limits.timeoutMs);
    dispatcher.dispatch(request, collector);
  });
}

/** Of the buffer for a body, before it grows. */
const FIRST_BYTES = 8_192;

class Collector implements Dispatcher.DispatchHandler {
  timer?: NodeJS.Timeout;
  private connection?: Dispatcher.DispatchController;
  private failure?: Error;
  /** Its first `size` bytes are what has come: a chunk may be of one byte, and would take a hundred if it were kept. */
  private body = Buffer.alloc(0);
  private size = 0;
  private status = 0;
  private headers: GuardedAnswer['headers'] = {};

  constructor(
    private readonly maxBytes: number,
    private readonly resolve: (answer: GuardedAnswer) => void,
    private readonly reject: (error: Error) => void,
  ) {}

  fail(error: Error): void {
    this.failure = error;
    this.onResponseError(undefined, error);
    this.connection?.abort(error);
  }

  onRequestStart(connection: Dispatcher.DispatchController): void {
    this.connection = connection;
    if (this.failure) connection.abort(this.failure);
  }

  /** Called again after a status of 1xx. */
  onResponseStart(_: unknown, status: number, headers: GuardedAnswer['headers']): void {
    this.status = status;
    this.headers = headers;
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    const end = this.size + chunk.length;
    if (end > this.maxBytes) return this.fail(new AnswerTooLarge(this.maxBytes));
    if (end > this.body.length) {
      const larger = Buffer.allocUnsafe(
        Math.min(this.maxBytes, Math.max(end, 2 * this.body.length, FIRST_BYTES)),
      );
      this.body.copy(larger, 0, 0, this.size);
      this.body = larger;
    }
    chunk.copy(this.body, this.size);
    this.size = end;
  }

  onResponseEnd(): void {
    clearTimeout(this.timer);
    const body = this.body.subarray(0, this.size);
    this.resolve({ status: this.status, headers: this.headers, body });
  }

  onResponseError(_: unknown, error: Error): void {
    clearTimeout(this.timer);
    this.reject(error);
  }
}
