import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The journal's settled items may go when they are old enough. What is not settled may not, by whatever mistake. */
export class JournalRetention1700000000016 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Oldest first, merchant by merchant, and those of nobody. An item comes into it once, when it is settled.
    await runner.query(
      `CREATE INDEX items_settled ON journal.items (merchant_id, settled_at) WHERE settled_at IS NOT NULL`,
    );
    await runner.query(
      `CREATE INDEX items_erased ON journal.items (merchant_id, settled_at) WHERE outcome = 'erased'`,
    );
    await runner.query(`GRANT DELETE ON journal.items TO waco_admin`);
    await runner.query(
      `CREATE POLICY remove_waco_admin ON journal.items FOR DELETE TO waco_admin
         USING (settled_at IS NOT NULL AND merchant_id = current_setting('waco.merchant_id', true))`,
    );
    await runner.query(
      `CREATE POLICY remove_quarantine ON journal.items FOR DELETE TO waco_admin
         USING (settled_at IS NOT NULL AND service = 'quarantine' AND merchant_id IS NULL
           AND current_setting('waco.quarantine', true) = 'on')`,
    );
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
