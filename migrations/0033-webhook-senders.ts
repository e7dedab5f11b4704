import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createServiceSchema, ownFunction, protectTenantTable, showTable } from './support.js';

/**
 * What became of the webhooks of each connection: when one was last accepted, how many were refused, and why. One row for each
 * connection that a merchant has, and each row is bounded.
 */
export class WebhookSenders1700000000033 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createServiceSchema(runner, 'ingest', 'waco_ingest');
    await runner.query(`GRANT USAGE ON SCHEMA ingest TO waco_admin, waco_remover`);
    await runner.query(`
      CREATE TABLE ingest.webhook_senders (
        merchant_id text NOT NULL,
        port text NOT NULL CHECK (port IN ('channel', 'channel_app', 'payment', 'store')),
        -- The vendor, as the journal calls what it sends.
        kind text NOT NULL CHECK (octet_length(kind) <= 50),
        -- Of the account; empty for webhooks that named an account which the merchant does not have.
        id text NOT NULL CHECK (octet_length(id) <= 100),
        accepted_at timestamptz,
        refused bigint NOT NULL DEFAULT 0,
        refused_since timestamptz,
        refused_at timestamptz,
        -- Reason to count.
        reasons jsonb NOT NULL DEFAULT '{}' CHECK (octet_length(reasons::text) <= 1000),
        -- The latest refusals, newest first: time, reason, route, size. Nothing of what was sent.
        latest jsonb NOT NULL DEFAULT '[]' CHECK (octet_length(latest::text) <= 8000),
        PRIMARY KEY (merchant_id, port, kind, id)
      )`);
    await protectTenantTable(runner, 'ingest.webhook_senders', 'waco_ingest');
    await showTable(runner, 'ingest.webhook_senders', [
      'merchant_id',
      'port',
      'kind',
      'id',
      'accepted_at',
      'refused',
      'refused_since',
      'refused_at',
      'reasons',
      'latest',
    ]);
    await this.addRemover(runner);
  }

  /** They go with their merchant, all at once: they are few. The admin, which erases merchants, has no right on the table. */
  private async addRemover(runner: QueryRunner): Promise<void> {
    await runner.query(`GRANT SELECT (merchant_id), DELETE ON ingest.webhook_senders TO waco_remover`);
    await runner.query(`
      CREATE FUNCTION ingest.remove_senders() RETURNS void
      LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DELETE FROM ingest.webhook_senders WHERE merchant_id = current_setting('waco.merchant_id', true)
      $$`);
    const signature = 'ingest.remove_senders()';
    await ownFunction(runner, signature, 'ingest', 'waco_remover');
    await runner.query(`GRANT EXECUTE ON FUNCTION ${signature} TO waco_admin`);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
