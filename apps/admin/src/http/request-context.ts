import { AsyncLocalStorage } from 'node:async_hooks';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Caller } from '#core/tenancy';
import { newId } from '#platform';

/** What belongs to the request that is being answered, for those who are not handed the request itself. */
export interface RequestContext {
  requestId: string;
  /** Set by the guard. */
  caller?: Caller;
  /** Rows of the audit log that this request has written. */
  audited: number;
  /** The answer is that of an earlier request with the same Idempotency-Key: nothing was done. */
  replayed: boolean;
  /** The answer shows phone numbers in full. */
  unmasked: boolean;
  /** Sets a header of the answer. */
  header(name: string, value: string): void;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Undefined outside a request. */
export function requestContext(): RequestContext | undefined {
  return storage.getStore();
}

/** Opens a context for each request. A caller's own `X-Request-Id` is kept, if it looks like one. */
export function addRequestContext(app: NestFastifyApplication): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', (request, reply, done) => {
      const given = request.headers['x-request-id'];
      const usable = typeof given === 'string' && /^[\w.-]{8,64}$/.test(given);
      const requestId = usable ? given : newId('req');
      void reply.header('x-request-id', requestId);
      const header = (name: string, value: string): void => void reply.header(name, value);
      storage.run({ requestId, audited: 0, replayed: false, unmasked: false, header }, done);
    });
}
