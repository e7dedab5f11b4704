import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A thread remembers the ids of those that were merged into it: facts sent to them still arrive. */
export class ConversationMerges1700000000009 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE conversation.threads ADD COLUMN former_ids text[] NOT NULL DEFAULT '{}'`);
    await runner.query(`CREATE INDEX threads_former_ids ON conversation.threads USING gin (former_ids)`);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
