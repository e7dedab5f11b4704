import { AsyncLocalStorage } from 'node:async_hooks';
import type { Caller } from '#core/tenancy';

/** Facts of the request that is being answered, for code that does not get the request. */
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

/** Answers a request: whatever `work` calls finds its context. */
export function withRequestContext(context: RequestContext, work: () => void): void {
  storage.run(context, work);
}
