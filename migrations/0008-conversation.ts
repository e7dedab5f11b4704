import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createServiceSchema, protectTenantTable } from './support.js';

/** Contacts, the names they go by, and threads with their state. */
export class Conversation1700000000008 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createServiceSchema(runner, 'conversation', 'waco_conversation');
    await runner.query(`
      CREATE TABLE conversation.contacts (
        merchant_id text NOT NULL,
        contact_id text NOT NULL,
        channel_account_id text NOT NULL,
        name text,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (merchant_id, contact_id)
      )`);
    await runner.query(`
      CREATE TABLE conversation.aliases (
        merchant_id text NOT NULL,
        channel_account_id text NOT NULL,
        kind text NOT NULL CHECK (kind IN ('user_id', 'parent_user_id', 'wa_id', 'username')),
        value text NOT NULL,
        contact_id text NOT NULL,
        seen_at timestamptz NOT NULL,
        PRIMARY KEY (merchant_id, channel_account_id, kind, value),
        FOREIGN KEY (merchant_id, contact_id) REFERENCES conversation.contacts
      )`);
    await runner.query(`CREATE INDEX aliases_contact ON conversation.aliases (merchant_id, contact_id)`);
    await runner.query(`
      CREATE TABLE conversation.threads (
        merchant_id text NOT NULL,
        thread_id text NOT NULL,
        channel_account_id text NOT NULL,
        contact_id text NOT NULL,
        stream text NOT NULL,
        phase text NOT NULL,
        state jsonb NOT NULL,
        version integer NOT NULL DEFAULT 0,
        expires_at timestamptz NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (merchant_id, thread_id),
        UNIQUE (merchant_id, channel_account_id, contact_id),
        FOREIGN KEY (merchant_id, contact_id) REFERENCES conversation.contacts
      )`);
    for (const table of ['contacts', 'aliases', 'threads']) {
      await protectTenantTable(runner, `conversation.${table}`, 'waco_conversation');
    }
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
