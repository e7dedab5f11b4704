import type { EntityManager } from 'typeorm';
import {
  brokenRules,
  readPayload,
  rejected,
  type BulkOutcome,
  type JobContract,
  type JobOutcome,
} from '#contracts';
import type { Journal, PendingItem, Stream, Tenants } from '#persistence';
import { Counter, Histogram, type Clock } from '#platform';
import type { BulkContext, OrderedContext, TakePlace, TaskContext } from './context.js';
import type { Waker } from './waker.js';

export const jobs = new Counter({
  name: 'waco_jobs_total',
  help: 'Journal items by what became of them',
  labelNames: ['queue', 'name', 'outcome'],
});
const duration = new Histogram({
  name: 'waco_job_seconds',
  help: 'Time to apply one journal item',
  labelNames: ['queue', 'name'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
});

/** Of a payload, or of those of a bulk queue: resolves with a JobOutcome, or with a BulkOutcome of each. */
export type Handler = (
  payload: object | readonly object[],
  context: OrderedContext | TaskContext | BulkContext,
) => Promise<unknown>;

/** What handlers will have to know. */
export interface Prepared {
  /**
   * The one item that the stream has, if nothing has gone wrong with it and its handler needs nothing but what was found out.
   * The item is then applied as it was seen: the transaction takes the lock of the stream without waiting for the answer, and
   * reads nothing again. The handler finds `ctx.isAsSeen` set. Each of its writes has to name what it was based on, so that the
   * transaction fails as overtaken (`isOvertaken`) when that has changed. The item is then read again under the lock.
   */
  readonly only?: PendingItem;
}

/**
 * Finds out, outside any transaction, what the handlers of a stream's next items will have to know. It must be harmless
 * when it is repeated or thrown away: it has nothing to write with.
 */
export type Prepare = (stream: Stream, now: Date) => Promise<Prepared>;

/**
 * Asks the database, together with the lock of the stream, what its handler is going to ask: a trip less. The handler gets
 * it when its item is the only one of the transaction. It must send all that it asks at once, since the stream's lock may not
 * have been got and the transaction be over before the answers come. So it must write nothing and wait for nobody's lock; nor
 * may it throw, or leave a promise to reject unheard.
 */
export type ReadAhead = (tx: EntityManager, stream: Stream) => unknown;

/** A handler has to know more: the transaction is given up, and begun anew when that has been learned. */
export class Unprepared extends Error {
  constructor(readonly learn: () => Promise<void>) {
    super('something has to be known first');
  }
}

export interface ProcessorDeps {
  journal: Journal;
  tenants: Tenants;
  waker: Waker;
  clock: Clock;
  contracts: ReadonlyMap<string, JobContract>;
  handlers: ReadonlyMap<string, Handler>;
  /** By queue. */
  prepare?: Readonly<Record<string, Prepare | undefined>>;
  readAhead?: Readonly<Record<string, ReadAhead | undefined>>;
  /** For tasks that begin right after the transaction that emits them. */
  takePlace?: TakePlace;
  log: (line: { event: string; [field: string]: unknown }) => void;
}

/** When to look at the stream again; undefined: no need, a later item brings its own wake-up. */
export type Again = { afterMs: number } | undefined;

/** What the item's handler says of it; a payload that breaks its contract is rejected. */
export async function handle(
  deps: ProcessorDeps,
  item: PendingItem,
  context: OrderedContext | TaskContext,
): Promise<JobOutcome> {
  const broken = brokenOf(deps, item);
  if (broken) return rejected(broken);
  return deps.handlers.get(item.name)!(payloadOf(deps, item), context) as Promise<JobOutcome>;
}

/** What their handler says of each of the items, which are of one queue; those that break their contract are rejected. */
export async function handleTogether(
  deps: ProcessorDeps,
  items: readonly PendingItem[],
  contextOf: (items: readonly PendingItem[]) => BulkContext,
): Promise<BulkOutcome[]> {
  const outcomes = new Map<PendingItem, BulkOutcome>();
  const sound = new Map<string, PendingItem[]>();
  for (const item of items) {
    const broken = brokenOf(deps, item);
    if (broken) outcomes.set(item, rejected(broken));
    else sound.set(item.name, [...(sound.get(item.name) ?? []), item]);
  }
  for (const [name, group] of sound) {
    const payloads = group.map((item) => payloadOf(deps, item));
    const said = (await deps.handlers.get(name)!(payloads, contextOf(group))) as BulkOutcome[];
    for (const [i, item] of group.entries()) outcomes.set(item, said[i]!);
  }
  return items.map((item) => outcomes.get(item)!);
}

export function isBulk(deps: ProcessorDeps, { name }: PendingItem): boolean {
  return deps.contracts.get(name)?.queue.kind === 'bulk';
}

function brokenOf(deps: ProcessorDeps, { name, payload }: PendingItem): string | undefined {
  const contract = deps.contracts.get(name);
  if (!contract || !deps.handlers.has(name)) return `nobody handles ${name}`;
  const broken = brokenRules(contract, payload);
  return broken && `payload of ${name}: ${broken}`;
}

const payloadOf = (deps: ProcessorDeps, { name, payload }: PendingItem): object =>
  readPayload(deps.contracts.get(name)!, payload as object);

export function report(
  deps: ProcessorDeps,
  stream: Pick<Stream, 'merchantId' | 'queue'>,
  item: PendingItem,
  outcome: string,
  startedAt: number,
): void {
  const ms = performance.now() - startedAt;
  jobs.inc({ queue: stream.queue, name: item.name, outcome });
  duration.observe({ queue: stream.queue, name: item.name }, ms / 1_000);
  deps.log({
    event: 'job.finished',
    queue: stream.queue,
    name: item.name,
    itemId: item.id,
    merchantId: stream.merchantId,
    outcome,
    attempt: item.attempts + 1,
    ms: Math.round(ms * 10) / 10,
  });
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
