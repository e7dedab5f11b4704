import { BaseRpcContext } from '@nestjs/microservices';
import type { EntityManager } from 'typeorm';
import { brokenRules, declaredOf, readPayload, writtenPayload, type JobContract } from '#contracts';
import { cleared, type Cleared } from '#core/messaging';
import type { Journal, NewItem, PendingItem } from '#persistence';
import type { Wake, Waker } from './waker.js';

export interface EmitOptions {
  /** Not before this time (platform clock): a timer. It does not hold up its stream. */
  dueAt?: Date;
}

export interface BeginOptions {
  /** When others take the task up: until then this process has it in hand, unless it dies. */
  dueAt: Date;
  /** What the transaction has found out for the task, which finds it as `begunWith`. */
  known: object;
}

/** A place for one task, set aside until the transaction that emits it is over. */
export interface Place {
  begin(merchantId: string, item: PendingItem, known: object): void;
  giveBack(): void;
}

/** Undefined when all places for tasks of this queue are taken. */
export type TakePlace = (queue: string) => Place | undefined;

/** Collects what a transaction emits: stored with it, woken or begun after it. */
export class Outbox {
  private readonly items: NewItem[] = [];
  private readonly begun: { item: NewItem; known: object; place: Place }[] = [];
  private ids: Promise<Map<string, string>> | undefined;

  constructor(
    private readonly merchantId: string,
    private readonly now: Date,
    private readonly takePlace: TakePlace = () => undefined,
  ) {}

  /** @throws Error naming field and rule when the payload breaks its contract. */
  emit<P extends object>(contract: JobContract<P>, payload: P, options: EmitOptions = {}): void {
    this.items.push(toItem(contract, payload, this.merchantId, this.now, options));
  }

  /** See `OrderedContext.begin`. @throws Error naming field and rule when the payload breaks its contract. */
  begin<P extends object>(contract: JobContract<P>, payload: P, { dueAt, known }: BeginOptions): boolean {
    const item = toItem(contract, payload, this.merchantId, this.now, { dueAt });
    // What has begun is not begun again.
    if (this.begun.some((one) => one.item.externalId === item.externalId)) return true;
    const place = this.takePlace(item.queue);
    if (place) this.begun.push({ item, known, place });
    return place !== undefined;
  }

  /** A task may call out as soon as its item is committed: then the item and all before it are on the disk. */
  store(tx: EntityManager, journal: Journal, now: Date): void {
    if (this.begun.length === 0) return journal.appendLater(this.items, now, tx);
    this.ids = journal.appendDurably([...this.items, ...this.begun.map(({ item }) => item)], now, tx);
    this.ids.catch(() => undefined); // the transaction fails with it, and nobody asks for them
  }

  /** The transaction is committed. */
  async release(waker: Waker): Promise<void> {
    const ids = await this.ids;
    for (const { item, known, place } of this.begun) {
      const id = ids?.get(item.externalId);
      if (id === undefined) place.giveBack();
      else place.begin(this.merchantId, toPending(item, id, this.now), known);
    }
    await waker.wake(this.items.map((item) => wakeOf(item, this.now)));
  }

  /** The transaction is given up. */
  discard(): void {
    for (const { place } of this.begun) place.giveBack();
  }
}

/**
 * A piece of work as the journal takes it: what the contract declares, and nothing else of the payload.
 * @throws Error naming field and rule when the payload breaks its contract.
 */
export function toItem<P extends object>(
  contract: JobContract<P>,
  given: P,
  merchantId: string,
  now: Date,
  options: EmitOptions & { source?: string; externalId?: string; occurredAt?: Date } = {},
): NewItem {
  const broken = brokenRules(contract as JobContract, given);
  if (broken) throw new Error(`payload of ${contract.name}: ${broken}`);
  // What is given may be a stored payload, of whichever release.
  const payload = readPayload(contract, given);
  const key = `${contract.name}/${contract.idempotencyKey(payload)}`;
  return {
    merchantId,
    service: contract.queue.owner,
    queue: contract.queue.name,
    stream: contract.queue.kind === 'task' ? key : contract.stream!(payload),
    name: contract.name,
    source: options.source ?? 'job',
    externalId: options.externalId ?? key,
    payload: cleared(declaredOf(contract, writtenPayload(contract, payload))),
    occurredAt: options.occurredAt ?? now,
    dueAt: options.dueAt,
    expedited: contract.expedited ?? false,
  };
}

function toPending({ name, stream, payload, occurredAt }: NewItem, id: string, now: Date): PendingItem {
  const fresh = { due: true, attempts: 0, redrives: 0, crashes: 0, blocking: false };
  return { id, name, stream, payload, occurredAt, dueAt: now, ...fresh };
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

/** What was found out for an item before its handler is called. */
export interface Found {
  /** By `Prepare`, before the transaction began. */
  known?: unknown;
  /** By `ReadAhead`, if this is the only item of its transaction. */
  ahead?: unknown;
  /** The item is applied as `Prepare` has seen it: see `Prepared.only`. */
  isAsSeen?: boolean;
}

/** An ordered item being applied: whatever is written through `tx` and emitted is stored with it, or not at all. */
export class OrderedContext extends ItemContext {
  constructor(
    merchantId: string,
    item: PendingItem,
    now: Date,
    readonly tx: EntityManager,
    private readonly outbox: Outbox,
    private readonly ends: Ends,
    { known, ahead, isAsSeen = false }: Found,
  ) {
    super(merchantId, item, now);
    this.known = known;
    this.ahead = ahead;
    this.isAsSeen = isAsSeen;
  }

  readonly known: Found['known'];
  readonly ahead: Found['ahead'];
  readonly isAsSeen: boolean;

  /** What was asked and answered for this item; it is kept with the item. */
  evidence: Cleared<object> | undefined;

  emit<P extends object>(contract: JobContract<P>, payload: P, options?: EmitOptions): void {
    this.outbox.emit(contract, payload, options);
  }

  /**
   * Emits a task that this process runs as soon as the transaction is committed, without a job. False when there is no
   * place for it: then nothing is emitted. Should the process die, others take the task up at `dueAt`.
   */
  begin<P extends object>(contract: JobContract<P>, payload: P, options: BeginOptions): boolean {
    return this.outbox.begin(contract, payload, options);
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
    /** Set when this process has begun it right after the transaction that emitted it: what that one had found out. */
    readonly begunWith?: object,
  ) {
    super(merchantId, item, now);
  }
}
