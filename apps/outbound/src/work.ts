import type { EntityManager } from 'typeorm';
import type { OrderedContext, TaskCommit } from '#queue';

/** One transaction of one merchant: what is written through `tx` and emitted is stored together, or not at all. */
export interface Work {
  merchantId: string;
  tx: EntityManager;
  emit: TaskCommit['emit'];
  begin: TaskCommit['begin'];
  now: Date;
}

/** The transaction that an ordered item is applied in. */
export function toWork(ctx: OrderedContext): Work {
  return {
    merchantId: ctx.merchantId,
    tx: ctx.tx,
    now: ctx.now,
    emit: (contract, payload, options) => ctx.emit(contract, payload, options),
    begin: (contract, payload, options) => ctx.begin(contract, payload, options),
  };
}
