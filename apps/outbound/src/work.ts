import type { EntityManager } from 'typeorm';
import type { BulkContext, Commit, OrderedContext } from '#queue';

/** One transaction of one merchant: what is written through `tx` and emitted is stored together, or not at all. */
export interface Work {
  tx: EntityManager;
  emit: Commit['emit'];
  now: Date;
}

/** The transaction that ordered or bulk items are applied in. */
export function toWork(ctx: OrderedContext | BulkContext): Work {
  return {
    tx: ctx.tx,
    now: ctx.now,
    emit: (contract, payload, options) => ctx.emit(contract, payload, options),
  };
}
