import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { Logger } from 'nestjs-pino';
import type { WebhookRefusal } from '#core/tenancy';
import type { GivenUp } from '#persistence';
import { refusalOf, type Answer } from '../answer.js';
import { Budgets } from '../budgets.js';
import * as metrics from '../metrics.js';
import { WebhookBook } from '../webhook-book.js';
import type { Route, Taker } from '../sources/source.js';
import { replyOf, type Reply } from './reply.js';
import { Bodies, BodyRefused } from './bodies.js';

/** Memory for bodies that are read or worked on, in all. */
const MOST_BYTES = 64 * 1_048_576;
/** A webhook that is not journaled by then is given back: its sender keeps it and tries again. */
const ANSWER_WITHIN_MS = 5_000;
const RETRY_AFTER_SECONDS = '5';
/** So much of a body that nobody reads may still come in, and the connection serves on. */
const WORTH_WAITING_FOR = 65_536;
/** No signature is longer: several of one header are there while a secret is being changed. */
const LONGEST_HEADER = 4_096;

/** Where every webhook comes in: what can be refused is refused before its body is read. */
@Injectable()
export class Reception {
  private readonly bodies = new Bodies(MOST_BYTES);

  constructor(
    private readonly budgets: Budgets,
    private readonly book: WebhookBook,
    private readonly logger: Logger,
  ) {}

  /** 200 only for what is durable; when that cannot be said, 503, and the sender tries again. Never throws. */
  async take(source: string, route: Route, request: IncomingMessage, taker: Taker): Promise<Reply> {
    const startedAt = performance.now();
    const reply = await this.replyTo(route, request, taker, (reason) => {
      const bytes = lengthOf(request);
      // The sender does not wait for it.
      void this.book.refused({
        source,
        reason,
        route: route.path,
        bytes,
        address: request.url ?? '',
        sender: taker.sender,
      });
    });
    metrics.webhooks.inc({ source, answer: String(reply.status) });
    metrics.acknowledged.observe({ source }, (performance.now() - startedAt) / 1_000);
    return request.complete || isSmall(request) ? reply : closing(reply);
  }

  private async replyTo(
    route: Route,
    request: IncomingMessage,
    taker: Taker,
    refuse: (reason: WebhookRefusal) => void,
  ): Promise<Reply> {
    const signature = request.headers[route.header];
    if (typeof signature !== 'string' || signature.length > LONGEST_HEADER || !route.form.test(signature)) {
      refuse('no_signature');
      return replyOf({ outcome: 'unsigned' });
    }
    const answer = (given: Answer): Reply => {
      const reason = refusalOf(given);
      if (reason) refuse(reason);
      return replyOf(given);
    };
    try {
      const merchantId = await taker.merchantId?.();
      const retryAfterSeconds = merchantId === undefined ? 0 : this.budgets.waitSeconds(merchantId);
      if (retryAfterSeconds > 0) return answer({ outcome: 'too-many', retryAfterSeconds });
      return await this.bodies.use(request, route.limit, (body) =>
        within(ANSWER_WITHIN_MS, (signal) => taker.receive(body, signature, signal)).then(answer),
      );
    } catch (error) {
      if (error instanceof BodyRefused && error.status === 413) refuse('too_large');
      if (error instanceof BodyRefused && error.status !== 503) return { status: error.status };
      const reason = error instanceof Error ? error.message : String(error);
      this.logger.warn({ event: 'webhook.not-journaled', reason });
      return { status: 503, headers: { 'retry-after': RETRY_AFTER_SECONDS } };
    }
  }
}

/** Of the body, if the sender says it; null otherwise. */
function lengthOf({ headers }: IncomingMessage): number | null {
  const length = headers['content-length'];
  return length === undefined ? null : Number(length);
}

/** What is still to come of the body is not worth the closing of the connection. */
function isSmall({ headers }: IncomingMessage): boolean {
  return Number(headers['content-length'] ?? Number.NaN) <= WORTH_WAITING_FOR;
}

function closing(reply: Reply): Reply {
  return { ...reply, headers: { ...reply.headers, connection: 'close' } };
}

/** @throws Error after `ms`; `work` is told by its signal. */
async function within<T>(ms: number, work: (signal: GivenUp) => Promise<T>): Promise<T> {
  const signal = { aborted: false };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      signal.aborted = true;
      reject(new Error(`not journaled within ${ms} ms`));
    }, ms);
  });
  try {
    return await Promise.race([work(signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
