import type { MigrationInterface, QueryRunner } from 'typeorm';

/** More than any contract needs, and little enough to be read in one step of a service. */
const LARGEST_PAYLOAD = 262_144;

/** No service can give another an item that is too large to be read at no cost for others. */
export class BoundedPayloads1700000000026 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`LOCK TABLE journal.items IN SHARE ROW EXCLUSIVE MODE`);
    // What is there may be larger, and is still to be settled: an update looks at the constraint, too.
    const [{ last }] = (await runner.query(`SELECT coalesce(max(id), 0) AS last FROM journal.items`)) as [
      { last: string },
    ];
    await runner.query(
      `ALTER TABLE journal.items ADD CONSTRAINT items_payload_bounded
         CHECK (id <= ${last} OR octet_length(payload::text) <= ${LARGEST_PAYLOAD}) NOT VALID`,
    );
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
