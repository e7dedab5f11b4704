import { Injectable } from '@nestjs/common';
import type pg from 'pg';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';

/** One transaction's connection, and what was sent on it that nobody has waited for yet. */
interface Session {
  client: pg.ClientBase;
  sent: Promise<unknown>[];
  /** What `once` has found. */
  known: Map<string, Promise<unknown>>;
  /** What `atCommit` is to send, by key. */
  last: Map<string, () => void>;
  /** The first statement that failed, and the first of those that nobody waited for. */
  failures: { ofAll?: Error; unheard?: Error };
}

const sessions = new WeakMap<QueryRunner, Session>();

/**
 * The only way to a merchant's data: a transaction opened for that merchant. Row-level security shows a
 * transaction the rows of its merchant and nothing else; without one, nothing at all.
 */
@Injectable()
export class Tenants {
  constructor(private readonly database: DataSource) {}

  /**
   * Runs `work` in one transaction for `merchantId`: all of it is stored or, when it throws, none. When the promise
   * resolves it is on the disk, unless `durable` is false: then a crash of the database may forget it, together with
   * everything after it, in the first second or so.
   */
  async transaction<T>(
    merchantId: string,
    work: (tx: EntityManager) => Promise<T>,
    { durable = true } = {},
  ): Promise<T> {
    const runner = this.database.createQueryRunner();
    let session: Session | undefined;
    try {
      session = await begin(runner, merchantId, durable);
      const result = await work(runner.manager);
      for (const send of session.last.values()) send();
      // Whoever is not done by now would send behind the end of it, where no merchant is named.
      sessions.delete(runner);
      await commit(runner, session);
      return result;
    } catch (error) {
      sessions.delete(runner);
      if (runner.isTransactionActive) {
        // A broken connection cannot roll back; Postgres has then done so itself.
        await session?.client.query('ROLLBACK').catch(() => undefined);
        inTransaction(runner, false);
      }
      throw causeOf(error, session);
    } finally {
      await runner.release();
    }
  }

  /** The rows of one statement in a transaction of its own for `merchantId`, in one trip to the server. */
  async read(merchantId: string, sql: string, parameters: unknown[]): Promise<unknown[]> {
    const runner = this.database.createQueryRunner();
    try {
      const client = (await runner.connect()) as pg.ClientBase;
      const [begun, named, answer] = await Promise.allSettled([
        client.query('START TRANSACTION READ ONLY'),
        client.query(FOR_MERCHANT, [merchantId, null]),
        client.query<object>(sql, parameters),
        client.query('COMMIT'), // after a failure it is a rollback
      ]);
      if (begun.status === 'rejected') throw begun.reason;
      if (named.status === 'rejected') throw named.reason;
      if (answer.status === 'rejected') throw answer.reason;
      return answer.value.rows;
    } finally {
      await runner.release();
    }
  }
}

/**
 * Sends a statement whose answer nobody needs, without waiting for it: what is sent after it is applied after it, and
 * if it fails, so does its transaction, with its error.
 */
export function later(tx: EntityManager, sql: string, parameters: unknown[]): void {
  keep(tx, send(tx, sql, parameters));
}

/** The same for a statement whose rows are needed when the transaction is committed, and not before. */
export function laterRows<T extends object>(
  tx: EntityManager,
  sql: string,
  parameters: unknown[],
): Promise<T[]> {
  const sent = send<T>(tx, sql, parameters);
  keep(tx, sent);
  const rows = sent.then((answer) => answer.rows);
  rows.catch(() => undefined); // the transaction fails with it
  return rows;
}

/**
 * Sends a statement at once and resolves with its rows. Several that do not need each other's answers go in one trip:
 * `Promise.all([query(…), query(…)])`, and are applied in this order.
 */
export async function query<T extends object>(
  tx: EntityManager,
  sql: string,
  parameters: unknown[],
): Promise<T[]> {
  return (await send<T>(tx, sql, parameters)).rows;
}

/**
 * What `load` finds, which is asked once in a transaction: for what the transaction has locked, or may take as it saw
 * it first.
 */
export function once<T>(tx: EntityManager, key: string, load: () => Promise<T>): Promise<T> {
  const { known } = sessionOf(tx);
  const found = known.get(key) ?? load();
  known.set(key, found);
  return found as Promise<T>;
}

/** What `once` knows by this key has changed: whoever asks next in this transaction looks again. */
export function forget(tx: EntityManager, key: string): void {
  sessionOf(tx).known.delete(key);
}

/** Runs `send` right before the commit, once for each `key`: for a row that is changed several times and written once. */
export function atCommit(tx: EntityManager, key: string, send: () => void): void {
  sessionOf(tx).last.set(key, send);
}

/**
 * Names the merchant right behind the statement that begins the transaction, and does not wait for the answers: that would
 * be a trip to the server for every transaction, which is most of what row-level security costs. Should it fail, what
 * follows it has no merchant and sees nothing, and the transaction fails when it is to end.
 */
async function begin(runner: QueryRunner, merchantId: string, durable: boolean): Promise<Session> {
  const client = (await runner.connect()) as pg.ClientBase;
  const session: Session = { client, sent: [], known: new Map(), last: new Map(), failures: {} };
  sessions.set(runner, session);
  keep(runner.manager, send(runner.manager, 'START TRANSACTION'));
  later(runner.manager, FOR_MERCHANT, [merchantId, durable ? null : 'off']);
  inTransaction(runner, true);
  return session;
}

/** Sends the commit behind everything else, and waits for all of it. */
async function commit(runner: QueryRunner, { client, sent, failures }: Session): Promise<void> {
  const { command } = await client.query('COMMIT');
  inTransaction(runner, false);
  await Promise.all(sent);
  // To a transaction that has failed, Postgres answers a commit with a rollback and calls it a success.
  if (command !== 'COMMIT') {
    throw failures.ofAll ?? new Error('the transaction had failed and was not committed');
  }
}

/** Tells TypeORM, which would begin a transaction of its own for what is saved through it. */
function inTransaction(runner: QueryRunner, isActive: boolean): void {
  Object.assign(runner, { isTransactionActive: isActive, transactionDepth: isActive ? 1 : 0 });
}

/** NULL sets the default of the session. */
const FOR_MERCHANT = `SELECT set_config('waco.merchant_id', $1, true), set_config('synchronous_commit', $2, true)`;

/**
 * Postgres refused a statement for what it says (its data, a constraint), as opposed to a connection that was lost or
 * a transaction that had to give way: the same again would be refused again.
 */
export function isRefusal(error: unknown): boolean {
  return /^(0A|21|22|23|42|44|54|P0)/.test(sqlState(error) ?? '');
}

/**
 * The transaction had to give way (a lost connection, a deadlock, a server without room, a lock that did not come, a
 * server that stops): the same again may succeed.
 */
export function hadToGiveWay(error: unknown): boolean {
  return /^(08|40|53|55P03|57P)/.test(sqlState(error) ?? '');
}

/** SQLSTATE, if Postgres said so. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  // Node's own codes begin with an E, and one of them has five letters.
  return typeof code === 'string' && /^(?!E)[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

function sessionOf(tx: EntityManager): Session {
  const session = tx.queryRunner && sessions.get(tx.queryRunner);
  if (!session) throw new Error('this is not a transaction of a merchant, or it is over');
  return session;
}

function send<T extends object>(
  tx: EntityManager,
  sql: string,
  parameters?: unknown[],
): Promise<pg.QueryResult<T>> {
  const { client, failures } = sessionOf(tx);
  const sent = client.query<T>(sql, parameters);
  sent.catch((error: Error) => {
    failures.ofAll ??= error;
  });
  return sent;
}

/** The commit waits for it. */
function keep(tx: EntityManager, sent: Promise<unknown>): void {
  const session = sessionOf(tx);
  session.sent.push(sent);
  sent.catch((error: Error) => {
    session.failures.unheard ??= error;
  });
}

/**
 * What a transaction has failed of. A statement that nobody waited for explains what failed after it. Postgres refuses
 * what follows a failed statement, whichever that was.
 */
function causeOf(error: unknown, session: Session | undefined): unknown {
  const { ofAll, unheard } = session?.failures ?? {};
  const told = unheard ?? error;
  const isAftermath = [told, (told as Error | undefined)?.cause].some((one) => sqlState(one) === '25P02');
  return isAftermath ? (ofAll ?? told) : told;
}
