import type { EntityManager } from 'typeorm';
import type { Commit, OrderedContext } from '#queue';

/** One transaction of one merchant: what is written through `tx` and emitted is stored together, or not at all. */
export interface Work {
  tx: EntityManager;
  emit: Commit['emit'];
  now: Date;
}

/** The transaction that an ordered item is applied in. */
export function toWork(ctx: OrderedContext): Work {
  return {
    tx: ctx.tx,
    now: ctx.now,
    emit: (contract, payload, options) => ctx.emit(contract, payload, options),
  };
}
