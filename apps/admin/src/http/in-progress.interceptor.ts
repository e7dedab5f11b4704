import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { defer, finalize, lastValueFrom, type Observable } from 'rxjs';
import type { Caller } from '#core/tenancy';
import { Semaphores } from '#platform';
import { problem } from './problem.js';
import type { AdminRequest } from './access.js';
import { callerName, sayWhen } from './rate-limits.js';

/** Requests in progress at once, in one process. A merchant's leave room in the pool of database connections. */
const MOST: Record<Caller['kind'], number> = { merchant: 8, operator: 50 };
/** Of a merchant's, so many are worked on at a time: the rest wait, so that others have their turns between. */
const MERCHANTS_WORKED_ON = 2;
/** While more of its requests wait, each of the two places stays empty for so many times as long as the last one took. */
const REST = 5;
const SECONDS_TO_WAIT = 1;

/**
 * Bounds the requests of one caller that are in progress at once, all its keys together: exports, replays, timelines
 * and tests against a slow shop take their time. A request counts until its handler has ended and its answer has
 * been sent or its connection is gone. Neither a slow reader nor a client that leaves early makes room for more.
 */
@Injectable()
export class InProgressInterceptor implements NestInterceptor {
  private readonly running = new Map<string, number>();
  private readonly merchants = new Semaphores(MERCHANTS_WORKED_ON, undefined, REST);

  /** @throws ProblemException 429. */
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const { caller } = http.getRequest<AdminRequest>();
    if (!caller) return next.handle();
    const reply = http.getResponse<FastifyReply>();
    const leave = this.enter(caller, reply);
    let parts = 2;
    const end = (): void => {
      if (--parts === 0) leave();
    };
    const { raw } = reply;
    if (raw.closed || raw.destroyed) end();
    else raw.once('close', end);
    const handled = (): Promise<unknown> => lastValueFrom(next.handle(), { defaultValue: undefined });
    const work =
      caller.kind === 'merchant'
        ? defer(() => this.merchants.pass(caller.merchantId, handled))
        : next.handle();
    return work.pipe(finalize(end));
  }

  private enter(caller: Caller, reply: FastifyReply): () => void {
    const name = callerName(caller);
    const running = this.running.get(name) ?? 0;
    if (running >= MOST[caller.kind]) {
      sayWhen(reply, SECONDS_TO_WAIT);
      throw problem(
        429,
        'too_many_at_once',
        `at most ${MOST[caller.kind]} requests of yours at once: wait for some`,
      );
    }
    this.running.set(name, running + 1);
    return () => {
      const left = this.running.get(name)! - 1;
      if (left === 0) this.running.delete(name);
      else this.running.set(name, left);
    };
  }
}
