import type { EntityManager } from 'typeorm';
import type { BulkContext, Commit, OrderedContext } from '#queue';

/** One transaction of one merchant: what is written through `tx` and emitted is stored together, or not at all. */
export interface Work {
  merchantId: string;
  tx: EntityManager;
  emit: Commit['emit'];
  /** Only where an ordered item is applied: whoever has called out already holds a connection that others wait for. */
  begin?: OrderedContext['begin'];
  now: Date;
}

/** The transaction that ordered or bulk items are applied in. */
export function toWork(ctx: OrderedContext | BulkContext): Work {
  return {
    merchantId: ctx.merchantId,
    tx: ctx.tx,
    now: ctx.now,
    emit: (contract, payload, options) => ctx.emit(contract, payload, options),
    begin: 'begin' in ctx ? (contract, payload, options) => ctx.begin(contract, payload, options) : undefined,
  };
}
