import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Kinds are a list in the code: a new vendor is not a migration. */
const KIND = `kind ~ '^[a-z][a-z0-9]{1,29}$'`;

/** What the release before writes and reads, of its own kinds; of others these stay empty. */
const OLD = {
  channel_accounts: ['access_token'],
  store_connections: ['base_url', 'api_key', 'webhook_secret'],
  payment_providers: ['secret_key', 'webhook_secret'],
};

/**
 * What a merchant gives to connect a vendor is one document of settings and one sealed one of credentials, whatever the
 * vendor's fields. The columns of before are written too, as long as processes of the release before may run; one that writes
 * them makes them count, unless it only seals them under another key.
 */
export class Vendors1700000000032 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const [table, columns] of Object.entries(OLD)) {
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
      await runner.query(`
        CREATE FUNCTION tenancy.${table}_of_before() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN
            IF (${changed}) AND NEW.credentials IS NOT DISTINCT FROM OLD.credentials
              AND current_setting('waco.rotation', true) IS DISTINCT FROM 'on' THEN
              NEW.credentials := NULL;
            END IF;
            RETURN NEW;
          END
        $$`);
      await runner.query(`
        CREATE TRIGGER of_before BEFORE UPDATE ON tenancy.${table}
          FOR EACH ROW EXECUTE FUNCTION tenancy.${table}_of_before()`);
    }
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
