import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { defer, finalize, lastValueFrom, type Observable } from 'rxjs';
import type { Caller } from '#core/tenancy';
import { Turnstile } from '#platform';
import { problem } from '../http/problem.js';
import type { AdminRequest } from './access.js';
import { callerName, sayWhen } from './rate-limits.js';

/** Requests in progress at once, in one process. A merchant's leave room in the pool of database connections. */
const MOST: Record<Caller['kind'], number> = { merchant: 8, operator: 50 };
/** And of these, so many are worked on at a time: the others wait, so that other merchants have a turn between. */
const MOST_WORKED_ON: Record<Caller['kind'], number> = { merchant: 2, operator: 50 };
const SECONDS_TO_WAIT = 1;

/**
 * Bounds the requests of one caller that are in progress at once, all its keys together: exports, replays, timelines
 * and tests against a slow shop take their time. A request counts until its handler has ended and its answer has
 * been sent or its connection is gone. Neither a slow reader nor a client that leaves early makes room for more.
 */
@Injectable()
export class InProgressInterceptor implements NestInterceptor {
  private readonly callers = new Map<string, { running: number; turnstile: Turnstile }>();

  /** @throws ProblemException 429. */
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const { caller } = http.getRequest<AdminRequest>();
    if (!caller) return next.handle();
    const reply = http.getResponse<FastifyReply>();
    const { turnstile, leave } = this.enter(caller, reply);
    let parts = 2;
    const end = (): void => {
      if (--parts === 0) leave();
    };
    const { raw } = reply;
    if (raw.closed || raw.destroyed) end();
    else raw.once('close', end);
    const handled = (): Promise<unknown> => lastValueFrom(next.handle(), { defaultValue: undefined });
    return defer(() => turnstile.pass(handled)).pipe(finalize(end));
  }

  private enter(caller: Caller, reply: FastifyReply): { turnstile: Turnstile; leave: () => void } {
    const name = callerName(caller);
    const known = this.callers.get(name);
    if (known && known.running >= MOST[caller.kind]) {
      sayWhen(reply, SECONDS_TO_WAIT);
      throw problem(
        429,
        'too_many_at_once',
        `at most ${MOST[caller.kind]} requests of yours at once: wait for some`,
      );
    }
    const entry = known ?? { running: 0, turnstile: new Turnstile(MOST_WORKED_ON[caller.kind]) };
    entry.running += 1;
    this.callers.set(name, entry);
    const leave = (): void => {
      entry.running -= 1;
      if (entry.running === 0) this.callers.delete(name);
    };
    return { turnstile: entry.turnstile, leave };
  }
}
