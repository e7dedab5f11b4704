import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A shop is read by one sync at a time: whose turn it is, and until when at most. */
export class SyncTurns1700000000025 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `ALTER TABLE catalog.sync_cursors ADD COLUMN turn_of text, ADD COLUMN turn_until timestamptz`,
    );
    await runner.query(
      `COMMENT ON COLUMN catalog.sync_cursors.turn_of IS 'journal item, and run, of the sync that reads the shop now'`,
    );
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
