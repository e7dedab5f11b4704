import { BaseRpcContext } from '@nestjs/microservices';
import type { EntityManager } from 'typeorm';
import { brokenRules, declaredOf, type JobContract } from '#contracts';
import { cleared, type Cleared } from '#core/messaging';
import type { NewItem, PendingItem } from '#persistence';
import type { Wake } from './waker.js';

export interface EmitOptions {
  /** Not before this time (platform clock): a timer. It does not hold up its stream. */
  dueAt?: Date;
  /**
   * Nobody is woken for it: what follows in the same stream takes it along. Should nothing follow, the sweep brings it
   * after two seconds or so.
   */
  quiet?: boolean;
}

/** Collects what a transaction emits: stored with it, woken after it. */
export class Outbox {
  readonly items: NewItem[] = [];
  private readonly quiet = new Set<NewItem>();

  constructor(
    private readonly merchantId: string,
    private readonly now: Date,
  ) {}

  /** @throws Error naming field and rule when the payload breaks its contract. */
  emit<P extends object>(contract: JobContract<P>, payload: P, options: EmitOptions = {}): void {
    const item = toItem(contract, payload, this.merchantId, this.now, options);
    this.items.push(item);
    if (options.quiet) this.quiet.add(item);
  }

  wakes(): Wake[] {
    return this.items.filter((item) => !this.quiet.has(item)).map((item) => wakeOf(item, this.now));
  }
}

/**
 * A piece of work as the journal takes it: what the contract declares, and nothing else of the payload.
 * @throws Error naming field and rule when the payload breaks its contract.
 */
export function toItem<P extends object>(
  contract: JobContract<P>,
  payload: P,
  merchantId: string,
  now: Date,
  options: EmitOptions & { source?: string; externalId?: string; occurredAt?: Date } = {},
): NewItem {
  const broken = brokenRules(contract as JobContract, payload);
  if (broken) throw new Error(`payload of ${contract.name}: ${broken}`);
  const key = `${contract.name}/${contract.idempotencyKey(payload)}`;
  return {
    merchantId,
    service: contract.queue.owner,
    queue: contract.queue.name,
    stream: contract.queue.kind === 'task' ? key : contract.stream!(payload),
    name: contract.name,
    source: options.source ?? 'job',
    externalId: options.externalId ?? key,
    payload: cleared(declaredOf(contract, payload)),
    occurredAt: options.occurredAt ?? now,
    dueAt: options.dueAt,
    expedited: contract.expedited ?? false,
  };
}

export function wakeOf(item: NewItem, now: Date): Wake {
  return {
    queue: item.queue,
    merchantId: item.merchantId!,
    stream: item.stream,
    name: item.name,
    delayMs: item.dueAt ? item.dueAt.getTime() - now.getTime() : 0,
    expedited: item.expedited,
  };
}

/** The clock of a transaction: never before the items are due, also where this process's clock is behind the one that says so. */
const timeOf = (items: readonly PendingItem[], now: Date): Date =>
  new Date(Math.max(now.getTime(), ...items.map((item) => item.dueAt.getTime())));

abstract class ItemContext extends BaseRpcContext {
  readonly now: Date;

  constructor(
    readonly merchantId: string,
    readonly item: PendingItem,
    now: Date,
  ) {
    super([]);
    this.now = timeOf([item], now);
  }
}

/** What runs when all items of a transaction are applied, by key, and the last item that asked for it. */
export type Ends = Map<string, { item: PendingItem; work: () => Promise<void> }>;

/** An ordered item being applied: whatever is written through `tx` and emitted is stored with it, or not at all. */
export class OrderedContext extends ItemContext {
  constructor(
    merchantId: string,
    item: PendingItem,
    now: Date,
    readonly tx: EntityManager,
    private readonly outbox: Outbox,
    private readonly ends: Ends,
    /** What was found out for this stream before the transaction began: see `Prepare`. */
    readonly known: unknown,
  ) {
    super(merchantId, item, now);
  }

  /** What was asked and answered for this item; it is kept with the item. */
  evidence: Cleared<object> | undefined;

  emit<P extends object>(contract: JobContract<P>, payload: P, options?: EmitOptions): void {
    this.outbox.emit(contract, payload, options);
  }

  /** Runs `work` when the items of this transaction are applied, once for each `key` however many ask for it. */
  atEnd(key: string, work: () => Promise<void>): void {
    this.ends.set(key, { item: this.item, work });
  }
}

/** Items of a bulk queue being applied together: whatever is written through `tx` and emitted is stored with all of them. */
export class BulkContext extends BaseRpcContext {
  readonly now: Date;

  constructor(
    readonly merchantId: string,
    readonly items: readonly PendingItem[],
    now: Date,
    readonly tx: EntityManager,
    private readonly outbox: Outbox,
  ) {
    super([]);
    this.now = timeOf(items, now);
  }

  emit<P extends object>(contract: JobContract<P>, payload: P, options?: EmitOptions): void {
    this.outbox.emit(contract, payload, options);
  }
}

export interface Commit {
  tx: EntityManager;
  emit: Outbox['emit'];
}

/**
 * A task being run, outside any transaction. It may run more than once (a crash, a lost answer): what it calls must
 * bear that. `commit` stores its result exactly once.
 */
export class TaskContext extends ItemContext {
  constructor(
    merchantId: string,
    item: PendingItem,
    now: Date,
    /** No further run follows this one: say what happened instead of throwing. */
    readonly lastAttempt: boolean,
    /** Aborted when the run has taken longer than its queue allows: it has failed by then, and ends for nobody. */
    readonly signal: AbortSignal,
    /**
     * Settles the item together with `work`, in one transaction. False when another run had settled it: nothing of
     * `work` is then stored.
     */
    readonly commit: (work: (c: Commit) => Promise<void>) => Promise<boolean>,
  ) {
    super(merchantId, item, now);
  }
}
