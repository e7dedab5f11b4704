import { createHash } from 'node:crypto';

/** What is locked, and how many rows of `journal.locks` stand for its names, for each service that locks it. */
const SLOTS = {
  stream: 16_384,
  contact: 65_536,
  'channel-id': 65_536,
  'business-account': 256,
  'audit-chain': 256,
} as const;

export type LockKind = keyof typeof SLOTS;

/**
 * The row that stands for a name. Two names may share a row: their transactions then wait for each other. Where a
 * transaction waits for many names one after the other, two of them may end in a deadlock: PostgreSQL breaks it, and one is
 * run again. Kinds of that sort have more rows, so that it is rare.
 */
export function lockSlot(kind: LockKind, name: string): number {
  return createHash('sha1').update(name).digest().readUInt32BE() % SLOTS[kind];
}

/**
 * The statement that locks names for the length of the transaction, when those who hold them let go. The locks are rows
 * that row-level security shows to the connected service alone: no other role can hold it up, as it could by an advisory
 * lock. Names of one statement are locked in one order, whoever asks.
 */
export function lockNames(kind: LockKind, names: readonly string[]): [sql: string, parameters: unknown[]] {
  return [
    `SELECT slot FROM journal.locks WHERE kind = $1 AND slot = ANY ($2::int[]) ORDER BY slot FOR UPDATE`,
    [kind, slotsOf(kind, names)],
  ];
}

/**
 * The same for those of the names that nobody else holds; its rows are the slots that are locked now. For one lock in
 * many: whoever finds it taken comes back later.
 */
export function tryLockNames(kind: LockKind, names: readonly string[]): [sql: string, parameters: unknown[]] {
  return [
    `SELECT slot FROM journal.locks WHERE kind = $1 AND slot = ANY ($2::int[]) FOR UPDATE SKIP LOCKED`,
    [kind, slotsOf(kind, names)],
  ];
}

/** The same, for whoever does not wait for the answer: the transaction fails as overtaken when anybody else holds a name. */
export function lockNamesOrFail(
  kind: LockKind,
  names: readonly string[],
): [sql: string, parameters: unknown[]] {
  const slots = slotsOf(kind, names);
  return [
    `SELECT journal.expect(count(*), $3) FROM (
       SELECT FROM journal.locks WHERE kind = $1 AND slot = ANY ($2::int[]) FOR UPDATE SKIP LOCKED) held`,
    [kind, slots, slots.length],
  ];
}

function slotsOf(kind: LockKind, names: readonly string[]): number[] {
  return [...new Set(names.map((name) => lockSlot(kind, name)))];
}
