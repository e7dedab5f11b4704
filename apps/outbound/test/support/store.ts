import { personOf } from '#core/messaging';
import { DataSource } from 'typeorm';
import { Tenants } from '#persistence';
import { createTestDatabase, until } from '#testing';
import type { NewMessage } from '../../src/store/messages.js';
import type { RecipientKey } from '../../src/store/recipients.js';

export const MERCHANT = 'mer_1';
export const NOW = new Date('2026-11-21T10:00:00.123Z');

/** A statement that the database has applied to a row. */
export interface Written {
  what: 'INSERT' | 'UPDATE' | 'DELETE';
  /** The row after it. */
  row: Record<string, unknown>;
}

/** What outbound stores, in a database that notes every write to a message or a recipient. */
export class Store {
  private constructor(
    readonly tenants: Tenants,
    private readonly owner: DataSource,
    private readonly end: () => Promise<void>,
  ) {}

  static async open(): Promise<Store> {
    const database = await createTestDatabase();
    const [owner, source] = [
      await new DataSource({ type: 'postgres', url: database.ownerUrl }).initialize(),
      await new DataSource({
        type: 'postgres',
        url: database.url('waco_outbound'),
        poolSize: 4,
      }).initialize(),
    ];
    await owner.query(`
      CREATE TABLE public.written (id bigint GENERATED ALWAYS AS IDENTITY, what text, contact_id text, row jsonb, relation text);
      CREATE FUNCTION public.note_write() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
        INSERT INTO public.written (what, contact_id, row, relation) VALUES (TG_OP, NEW.contact_id, to_jsonb(NEW), TG_TABLE_NAME);
        RETURN NULL;
      END $$;
      CREATE TABLE public.statements (id bigint GENERATED ALWAYS AS IDENTITY, what text, relation text);
      CREATE FUNCTION public.note_statement() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
        INSERT INTO public.statements (what, relation) VALUES (TG_OP, TG_TABLE_NAME);
        RETURN NULL;
      END $$`);
    for (const table of ['messages', 'recipients']) {
      await owner.query(`CREATE TRIGGER note_write AFTER INSERT OR UPDATE ON outbound.${table}
        FOR EACH ROW EXECUTE FUNCTION public.note_write()`);
      await owner.query(`CREATE TRIGGER note_statement AFTER INSERT OR UPDATE ON outbound.${table}
        FOR EACH STATEMENT EXECUTE FUNCTION public.note_statement()`);
    }
    return new Store(new Tenants(source), owner, async () => {
      await source.destroy();
      await owner.destroy();
      await database.drop();
    });
  }

  close(): Promise<void> {
    return this.end();
  }

  transaction: <T>(work: Parameters<Tenants['transaction']>[1]) => Promise<T> = (work) =>
    this.tenants.transaction(MERCHANT, work) as never;

  async sql<T = Record<string, unknown>>(query: string, parameters: unknown[] = []): Promise<T[]> {
    return (await this.owner.query(query, parameters)) as T[];
  }

  /** What was written of a contact, oldest first. */
  written(table: 'messages' | 'recipients', { contactId }: RecipientKey): Promise<Written[]> {
    return this.sql(
      `SELECT what, row FROM public.written WHERE relation = $1 AND contact_id = $2 ORDER BY id`,
      [table, contactId],
    );
  }

  /** The statements that `work` had applied to the table, also those that found no row. */
  async statements(table: 'messages' | 'recipients', work: () => Promise<unknown>): Promise<string[]> {
    await this.sql('TRUNCATE public.statements');
    await work();
    const query = `SELECT what FROM public.statements WHERE relation = $1 ORDER BY id`;
    return (await this.sql<{ what: string }>(query, [table])).map(({ what }) => what);
  }

  /** Every column of a message. */
  async message(messageId: string): Promise<Record<string, unknown> | undefined> {
    const [row] = await this.sql(`SELECT * FROM outbound.messages WHERE message_id = $1`, [messageId]);
    return row;
  }

  /** Every column of a recipient. */
  async recipient({ contactId }: RecipientKey): Promise<Record<string, unknown> | undefined> {
    const [row] = await this.sql(`SELECT * FROM outbound.recipients WHERE contact_id = $1`, [contactId]);
    return row;
  }

  /** Whether somebody has the lock of a recipient. */
  async isLocked({ contactId }: RecipientKey): Promise<boolean> {
    return this.sql(`SELECT FROM outbound.recipients WHERE contact_id = $1 FOR UPDATE NOWAIT`, [
      contactId,
    ]).then(
      () => false,
      (error: { code?: string }) => {
        if (error.code === '55P03') return true;
        throw error;
      },
    );
  }

  /** Resolves when somebody waits for a lock. */
  lockedOut(): Promise<unknown> {
    const waiting = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
    return until('somebody waits for a lock', async () => (await this.sql(waiting)).length > 0);
  }
}

let made = 0;

/** A contact that nobody knows yet. */
export const newContact = (): RecipientKey => ({ channelAccountId: 'acc_1', contactId: `con_${made++}` });

/** A message to the contact, with nothing that may be left out. */
export const messageTo = (key: RecipientKey, more: Partial<NewMessage> = {}): NewMessage => ({
  ...key,
  messageId: `msg_${made++}`,
  person: personOf({ phone: '971501234567' }),
  content: { type: 'text', body: 'hi' },
  threadId: 'thr_1',
  ...more,
});
