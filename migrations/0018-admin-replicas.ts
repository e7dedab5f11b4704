import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Requests counted by all replicas of the admin service together; Meta apps that two operators do not overwrite. */
export class AdminReplicas1700000000018 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE tenancy.meta_apps ADD COLUMN version integer NOT NULL DEFAULT 1`);
    // Counts of a minute: a crash may lose them, and nobody waits for a disk to store them.
    await runner.query(`
      CREATE UNLOGGED TABLE tenancy.request_counts (
        key text PRIMARY KEY,
        merchant_id text,
        started_at timestamptz NOT NULL,
        hits integer NOT NULL,
        hits_before integer NOT NULL
      )`);
    await runner.query(`
      COMMENT ON TABLE tenancy.request_counts IS 'of an address, a key, or all wrong keys: hits since started_at, and in the window before';
      COMMENT ON COLUMN tenancy.request_counts.merchant_id IS 'always null: whoever calls is not known yet'
    `);
    await runner.query(`ALTER TABLE tenancy.request_counts ENABLE ROW LEVEL SECURITY`);
    await runner.query(`ALTER TABLE tenancy.request_counts FORCE ROW LEVEL SECURITY`);
    await runner.query(
      `CREATE POLICY counts ON tenancy.request_counts TO waco_admin
         USING (merchant_id IS NULL) WITH CHECK (merchant_id IS NULL)`,
    );
    await runner.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON tenancy.request_counts TO waco_admin`);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
