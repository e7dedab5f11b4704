import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How often a process ended while it applied an item with care: beside the item's own failures, which are no deaths. */
export class JournalEndings1700000000021 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE journal.items ADD COLUMN endings smallint NOT NULL DEFAULT 0`);
    await runner.query(
      `COMMENT ON COLUMN journal.items.endings IS
         'runs with care that began and are not known to have been survived; such a run is under way, or ended its process'`,
    );
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
