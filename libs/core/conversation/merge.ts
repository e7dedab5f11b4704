import { ORDERS_KEPT, type ThreadState } from './state.js';

/**
 * One thread out of two that turned out to be the same person's. `kept` stays the thread; it knows the orders of both.
 * Cart and phase are those of the thread that was used last, unless there is nothing in it.
 */
export function mergeThreads(kept: ThreadState, other: ThreadState): ThreadState {
  const [last, first] = kept.expiresAt >= other.expiresAt ? [kept, other] : [other, kept];
  const working = idle(last) && !idle(first) ? first : last;
  return {
    ...working,
    seen: { ...first.seen, ...last.seen },
    orders: [...kept.orders, ...other.orders]
      .toSorted((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1))
      .slice(0, ORDERS_KEPT),
    expiresAt: last.expiresAt,
  };
}

function idle({ phase, cart, order }: ThreadState): boolean {
  return (phase === 'browsing' || phase === 'awaiting_fulfilment') && cart.length === 0 && order === null;
}
