import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Operators' sessions in the console: rows that signing out, or the end of their key, removes. */
export class AdminSessions1700000000024 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE tenancy.sessions (
        id_hash text PRIMARY KEY,
        seal text NOT NULL,
        merchant_id text CHECK (merchant_id IS NULL),
        key_id text NOT NULL,
        opened_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        used_at timestamptz NOT NULL,
        CHECK (expires_at > opened_at AND expires_at <= opened_at + interval '8 hours'),
        CHECK (used_at >= opened_at AND used_at <= expires_at)
      )`);
    await runner.query(`
      COMMENT ON COLUMN tenancy.sessions.id_hash IS 'HMAC of the id, under a secret that the database does not have';
      COMMENT ON COLUMN tenancy.sessions.seal IS 'HMAC of id, key and times: a row that was changed opens nothing';
      COMMENT ON COLUMN tenancy.sessions.merchant_id IS 'always null: the console is for operators'
    `);
    await runner.query(`CREATE INDEX sessions_of_key ON tenancy.sessions (key_id)`);
    await runner.query(`ALTER TABLE tenancy.sessions ENABLE ROW LEVEL SECURITY`);
    await runner.query(`ALTER TABLE tenancy.sessions FORCE ROW LEVEL SECURITY`);
    await runner.query(
      `CREATE POLICY console ON tenancy.sessions TO waco_admin
         USING (merchant_id IS NULL) WITH CHECK (merchant_id IS NULL)`,
    );
    await runner.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON tenancy.sessions TO waco_admin`);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
