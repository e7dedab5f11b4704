import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Kinds are a list in the code: a new vendor is not a migration. */
const KIND = `kind ~ '^[a-z][a-z0-9]{1,29}$'`;

/** What the release before has columns for, and of which kinds; of others these stay empty. */
const BEFORE = {
  channel_accounts: { columns: ['access_token'], kinds: ['whatsapp', 'messenger', 'instagram'] },
  store_connections: { columns: ['base_url', 'api_key', 'webhook_secret'], kinds: ['rest'] },
  payment_providers: { columns: ['secret_key', 'webhook_secret'], kinds: ['stripe'] },
};
/** An address is no secret, and is shown. */
const ADDRESS = `NEW.settings := jsonb_build_object('baseUrl', NEW.base_url);`;

/**
 * What a merchant gives to connect a vendor is one document of settings and one sealed one of credentials, whatever the
 * vendor's fields. The columns of before are written too, as long as processes of the release before may run; one that writes
 * them makes them count, unless it only seals them under another key and says so.
 */
export class Vendors1700000000032 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const [table, { columns, kinds }] of Object.entries(BEFORE)) {
      await runner.query(`
        ALTER TABLE tenancy.${table}
          ADD COLUMN settings jsonb NOT NULL DEFAULT '{}',
          ADD COLUMN credentials text,
          ${columns.map((column) => `ALTER COLUMN ${column} DROP NOT NULL`).join(', ')},
          DROP CONSTRAINT ${table}_kind_check,
          ADD CONSTRAINT ${table}_kind_check CHECK (${KIND})`);
      await runner.query(`
        COMMENT ON COLUMN tenancy.${table}.settings IS 'the vendor''s fields that are no secrets, by name';
        COMMENT ON COLUMN tenancy.${table}.credentials IS 'sealed JSON of its secrets, by name; null: they are in the columns of before'
      `);
      const changed = columns.map((column) => `NEW.${column} IS DISTINCT FROM OLD.${column}`).join(' OR ');
      const isStore = table === 'store_connections';
      const isBefore = `NEW.kind IN (${kinds.map((kind) => `'${kind}'`).join(', ')})`;
      await runner.query(`
        CREATE FUNCTION tenancy.${table}_of_before() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            IF TG_OP = 'UPDATE' AND ${isBefore} AND (${changed})
              AND NEW.credentials IS NOT DISTINCT FROM OLD.credentials
              AND current_setting('waco.rotation', true) IS DISTINCT FROM 'on' THEN
              NEW.credentials := NULL;
              ${isStore ? ADDRESS : ''}
            ELSIF TG_OP = 'INSERT' AND ${isBefore} AND NEW.credentials IS NULL THEN
              ${isStore ? ADDRESS : 'NULL;'}
            END IF;
            RETURN NEW;
          END
        $$`);
      await runner.query(`
        CREATE TRIGGER of_before BEFORE INSERT OR UPDATE ON tenancy.${table}
          FOR EACH ROW EXECUTE FUNCTION tenancy.${table}_of_before()`);
    }
    // Its owner may be no superuser, for whom forced policies show no row.
    await runner.query(`ALTER TABLE tenancy.store_connections NO FORCE ROW LEVEL SECURITY`);
    await runner.query(
      `UPDATE tenancy.store_connections SET settings = jsonb_build_object('baseUrl', base_url)`,
    );
    await runner.query(`ALTER TABLE tenancy.store_connections FORCE ROW LEVEL SECURITY`);
    await runner.query(`ALTER TABLE catalog.sync_cursors ADD COLUMN shop text`);
    await runner.query(
      `COMMENT ON COLUMN catalog.sync_cursors.shop IS 'what the copy is of: a kind and what tells one shop from another; null: as connected when it is read next'`,
    );
    await runner.query(`
      ALTER TABLE tenancy.payment_providers
        ALTER COLUMN account DROP DEFAULT,
        DROP CONSTRAINT payment_providers_account_check,
        ADD CONSTRAINT payment_providers_account_check
          CHECK (account ~ ('^' || kind || '(-[a-z0-9]{1,20}){0,3}$'))`);
    await runner.query(`ALTER TABLE checkout.orders ALTER COLUMN payment_account DROP DEFAULT`);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
