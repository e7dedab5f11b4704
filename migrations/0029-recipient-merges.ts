import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A recipient that was merged into another leads to it: what still comes for the one that is gone lands in its line. */
export class RecipientMerges1700000000029 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE outbound.recipients ADD COLUMN merged_into text`);
    await runner.query(
      `COMMENT ON COLUMN outbound.recipients.merged_into IS
         'contact of the same channel account that this one turned out to be; this row then only leads there'`,
    );
    await runner.query(
      `CREATE INDEX recipients_merged ON outbound.recipients (merchant_id, merged_into) WHERE merged_into IS NOT NULL`,
    );
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
