import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';

const FLUSH_EVERY_MS = 100;
const ROWS_A_STATEMENT = 500;

/**
 * One named set of documents. A document is a value: to change it, `put` the changed one. What `get` and `all`
 * return is the stored object itself, not a copy.
 */
export interface Collection<T> {
  get(id: string): T | undefined;
  put(id: string, doc: T): void;
  delete(id: string): void;
  /** In the order in which their ids were first put. */
  all(): T[];
}

interface Change {
  collection: string;
  id: string;
  /** `undefined` means deleted. */
  doc: unknown;
}

/**
 * Everything the sandbox remembers: read and written in memory, and written behind to one table when there is
 * a database, so that a restarted sandbox goes on where it was. A crash loses at most the last 100 ms.
 */
export class Documents implements OnApplicationShutdown {
  private readonly log = new Logger(Documents.name);
  private readonly collections = new Map<string, Map<string, unknown>>();
  private changed = new Map<string, Change>();
  private flushing: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;

  private constructor(private readonly pool: pg.Pool | undefined) {}

  /** Opens the store, and loads what an earlier process left in `databaseUrl`. Without one: memory only. */
  static async open(databaseUrl?: string): Promise<Documents> {
    const pool = databaseUrl ? new pg.Pool({ connectionString: databaseUrl, max: 2 }) : undefined;
    const documents = new Documents(pool);
    pool?.on('error', (error) => documents.log.warn(`idle database connection lost: ${error.message}`));
    // A session may end in the moment in which the pool hands it over, and neither listens.
    pool?.on('connect', (client) => client.on('error', () => undefined));
    if (pool) {
      await documents.load(pool);
      documents.timer = setInterval(() => void documents.flush(), FLUSH_EVERY_MS);
    }
    return documents;
  }

  collection<T>(name: string): Collection<T> {
    let docs = this.collections.get(name);
    if (!docs) this.collections.set(name, (docs = new Map()));
    const held = docs as Map<string, T>;
    return {
      get: (id) => held.get(id),
      put: (id, doc) => {
        held.set(id, doc);
        this.note(name, id, doc);
      },
      delete: (id) => {
        if (held.delete(id)) this.note(name, id, undefined);
      },
      all: () => [...held.values()],
    };
  }

  /** Throws when the database does not answer. */
  async check(): Promise<void> {
    await this.pool?.query('select 1');
  }

  /** Writes everything that changed so far, in one transaction. What fails is kept for the next time. */
  flush(): Promise<void> {
    this.flushing = this.flushing.then(() => this.write());
    return this.flushing;
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
    await this.pool?.end();
  }

  private note(collection: string, id: string, doc: unknown): void {
    if (this.pool) this.changed.set(`${collection}\n${id}`, { collection, id, doc });
  }

  private async load(pool: pg.Pool): Promise<void> {
    await pool.query(
      `create table if not exists sandbox.documents (
         collection text not null, id text not null, body jsonb not null,
         seq bigint generated always as identity,
         primary key (collection, id))`,
    );
    const { rows } = await pool.query<{ collection: string; id: string; body: unknown }>(
      'select collection, id, body from sandbox.documents order by seq',
    );
    for (const row of rows) {
      let docs = this.collections.get(row.collection);
      if (!docs) this.collections.set(row.collection, (docs = new Map()));
      docs.set(row.id, row.body);
    }
  }

  private async write(): Promise<void> {
    if (!this.pool || this.changed.size === 0) return;
    const batch = this.changed;
    this.changed = new Map();
    try {
      await writeChanges(this.pool, [...batch.values()]);
    } catch (error) {
      this.log.error(`documents not written yet: ${error instanceof Error ? error.message : String(error)}`);
      // A newer change of the same document wins over the one that could not be written.
      this.changed = new Map([...batch, ...this.changed]);
    }
  }
}

async function writeChanges(pool: pg.Pool, changes: Change[]): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const deleted = changes.filter((c) => c.doc === undefined);
    const kept = changes.filter((c) => c.doc !== undefined);
    for (let i = 0; i < kept.length; i += ROWS_A_STATEMENT) {
      const part = kept.slice(i, i + ROWS_A_STATEMENT);
      await client.query(
        `insert into sandbox.documents (collection, id, body)
         select * from unnest($1::text[], $2::text[], $3::jsonb[])
         on conflict (collection, id) do update set body = excluded.body`,
        [part.map((c) => c.collection), part.map((c) => c.id), part.map((c) => toJson(c.doc))],
      );
    }
    if (deleted.length > 0) {
      await client.query(
        `delete from sandbox.documents d using unnest($1::text[], $2::text[]) as gone(collection, id)
         where d.collection = gone.collection and d.id = gone.id`,
        [deleted.map((c) => c.collection), deleted.map((c) => c.id)],
      );
    }
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined); // the connection itself may be what failed
    throw error;
  } finally {
    client.release();
  }
}

/** Postgres refuses U+0000 inside jsonb. */
function toJson(doc: unknown): string {
  const text = JSON.stringify(doc);
  if (!text.includes('\\u0000')) return text;
  return JSON.stringify(doc, (_key, value: unknown) =>
    typeof value === 'string' ? value.replaceAll('\u0000', '\uFFFD') : value,
  );
}
