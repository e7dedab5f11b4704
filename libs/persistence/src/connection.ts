import { createHash } from 'node:crypto';
import type { Writable } from 'node:stream';
import pg from 'pg';

type Query = (
  text: unknown,
  values?: unknown,
  callback?: unknown,
) => Promise<pg.QueryResult> | undefined | void;

const names = new Map<string, string>();
const NAMES_AT_MOST = 2_000;
/** Plans are made anew after 1, 2, 4 … seconds, later once a minute: some were made while tables were empty. */
const PLANS_FIRST_MS = 1_000;
const PLANS_AT_MOST_MS = 60_000;

/**
 * A connection that has each statement with parameters parsed and planned once. Statement texts are the program's own
 * and few; values never stand in them.
 */
class PreparingClient extends pg.Client {
  private gathering = false;
  private plansUntil = performance.now() + PLANS_FIRST_MS;
  private plansForMs = PLANS_FIRST_MS;

  constructor(config?: string | pg.ClientConfig) {
    super(config);
    // The server may end a session in the moment in which the pool hands it over, and neither listens: that would end the
    // process. Whoever has the client is told by its next query.
    this.on('error', () => undefined);
  }

  override query = ((text: unknown, values?: unknown, callback?: unknown) => {
    this.gather();
    const query = super.query as unknown as Query;
    if (this.arePlansOld()) void query.call(this, 'DISCARD PLANS')?.catch(() => undefined);
    return typeof text === 'string' && Array.isArray(values) && values.length > 0 && hasName(text)
      ? query.call(this, { name: names.get(text), text, values }, callback)
      : query.call(this, text, values, callback);
  }) as pg.Client['query'];

  private arePlansOld(): boolean {
    const now = performance.now();
    if (now < this.plansUntil) return false;
    this.plansForMs = Math.min(this.plansForMs * 2, PLANS_AT_MOST_MS);
    this.plansUntil = now + this.plansForMs;
    return true;
  }

  /** Statements that are sent in one go leave in one packet. */
  private gather(): void {
    const { stream } = (this as unknown as { connection: { stream: Writable } }).connection;
    if (this.gathering) return;
    this.gathering = true;
    stream.cork();
    process.nextTick(() => {
      this.gathering = false;
      stream.uncork();
    });
  }
}

/** Should a statement's text vary without end, the rest of them go unprepared. */
function hasName(text: string): boolean {
  if (names.has(text)) return true;
  if (names.size >= NAMES_AT_MOST) return false;
  names.set(text, `w${createHash('sha1').update(text).digest('base64url').slice(0, 16)}`);
  return true;
}

/**
 * How services connect. Statements are prepared, and sent without waiting for the answers to those before them (`later`,
 * and whatever is not awaited one by one). The server applies them in the order in which they were sent.
 *
 * What holds for a session stands in the database, as settings of the service's role (`migrations/secure.ts`): time-outs,
 * and how statements are planned. Nearly every statement is a look-up by key: an index is right whatever statistics say,
 * also on the first day, when tables are empty, and the same plan serves all values.
 */
export const CONNECTION = { Client: PreparingClient, pipeline: true } as const;
