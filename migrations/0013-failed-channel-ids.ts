import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Statuses that name no message of ours are looked up among the ids of failed sends. Row-level security keeps a
 * condition on an array out of any index; that the array is not empty is a part of this one.
 */
export class FailedChannelIds1700000000013 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX messages_with_failed_ids ON outbound.messages (merchant_id) WHERE failed_channel_ids <> '{}'`,
    );
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
