import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ownFunction, showTable } from './support.js';

/** A column under the name that the release before knows, and under the one that holds for every channel. */
type Renamed = [before: string, now: string];

const ACCOUNT: Renamed = ['business_account_id', 'account_id'];
const TABLES: Readonly<Record<string, readonly Renamed[]>> = {
  'tenancy.channel_accounts': [
    ACCOUNT,
    ['phone_number_id', 'sender_id'],
    ['display_phone_number', 'display_name'],
  ],
  'outbound.template_states': [ACCOUNT],
};

/** Of a template's state, in the order of the view. */
const SHOWN = 'merchant_id business_account_id name language state reason at recheck_at account_id'.split(
  ' ',
);

/**
 * What sends on a channel is a sender with an account and a display name, whatever the channel calls them. The columns
 * of before are kept equal while processes of the release before may run. The release after this one drops them, with
 * the functions `route_phone_number` and `route_business_account`. Until then a template's state has two unique keys: two
 * releases that write a new one at the same moment may break the other's, and the job is tried again.
 */
export class NeutralNames1700000000036 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const [table, renamed] of Object.entries(TABLES)) await this.addColumns(runner, table, renamed);
    await runner.query(`
      CREATE UNIQUE INDEX channel_accounts_kind_sender_id_key ON tenancy.channel_accounts (kind, sender_id)
        WHERE released_at IS NULL`);
    await runner.query(`CREATE INDEX channel_accounts_account ON tenancy.channel_accounts (account_id)`);
    await runner.query(`
      CREATE UNIQUE INDEX template_states_account
        ON outbound.template_states (merchant_id, account_id, name, language)`);
    await showTable(runner, 'outbound.template_states', SHOWN);
    await runner.query(`GRANT SELECT (account_id, sender_id) ON tenancy.channel_accounts TO waco_router`);
    await this.addRoutes(runner);
  }

  private async addColumns(runner: QueryRunner, table: string, renamed: readonly Renamed[]): Promise<void> {
    const list = (each: (pair: Renamed) => string, between = ', '): string => renamed.map(each).join(between);
    await runner.query(`ALTER TABLE ${table} ${list(([, now]) => `ADD COLUMN ${now} text`)}`);
    await runner.query(`
      CREATE FUNCTION ${table}_names() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF TG_OP = 'INSERT' THEN
            ${list(([before, now]) => `NEW.${now} := coalesce(NEW.${now}, NEW.${before}); NEW.${before} := NEW.${now};`, '\n')}
          ELSE
            ${list(
              ([before, now]) => `
            IF NEW.${now} IS DISTINCT FROM OLD.${now} THEN NEW.${before} := NEW.${now};
            ELSE NEW.${now} := NEW.${before};
            END IF;`,
              '\n',
            )}
          END IF;
          RETURN NEW;
        END
      $$`);
    await runner.query(`
      CREATE TRIGGER names BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION ${table}_names()`);
    // Its owner may be no superuser, for whom forced policies show no row.
    await runner.query(`ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY`);
    await runner.query(`UPDATE ${table} SET ${list(([before, now]) => `${now} = ${before}`)}`);
    await runner.query(`ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`);
    await runner.query(`ALTER TABLE ${table} ${list(([, now]) => `ALTER COLUMN ${now} SET NOT NULL`)}`);
  }

  /** Where what names a sender, or the account that it belongs to, leads at a channel: also for its last, closed merchant. */
  private async addRoutes(runner: QueryRunner): Promise<void> {
    // A database that was migrated between two releases has them already, with the names of before.
    await runner.query(
      `DROP FUNCTION IF EXISTS tenancy.route_sender(text, text), tenancy.route_account(text, text)`,
    );
    await runner.query(`
      CREATE FUNCTION tenancy.route_sender(p_kind text, p_id text)
      RETURNS TABLE (merchant_id text, channel_account_id text, account_id text, enabled boolean, status text)
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
        SELECT a.merchant_id, a.id, a.account_id, a.enabled, m.status
        FROM tenancy.channel_accounts a JOIN tenancy.merchants m USING (merchant_id)
        WHERE a.kind = p_kind AND a.sender_id = p_id
        ORDER BY a.released_at DESC NULLS FIRST LIMIT 1
      $$`);
    await runner.query(`
      CREATE FUNCTION tenancy.route_account(p_kind text, p_id text)
      RETURNS TABLE (merchant_id text, enabled boolean, status text)
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
        SELECT a.merchant_id, bool_or(a.enabled), m.status
        FROM tenancy.channel_accounts a JOIN tenancy.merchants m USING (merchant_id)
        WHERE a.kind = p_kind AND a.account_id = p_id AND a.released_at IS NULL
        GROUP BY a.merchant_id, m.status
      $$`);
    for (const name of ['route_sender', 'route_account']) {
      const signature = `tenancy.${name}(text, text)`;
      await ownFunction(runner, signature, 'tenancy', 'waco_router');
      await runner.query(`GRANT EXECUTE ON FUNCTION ${signature} TO waco_admin, waco_ingest`);
    }
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
