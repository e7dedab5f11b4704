import type { MigrationInterface, QueryRunner } from 'typeorm';
import { protectTenantTable, showTable } from './support.js';

/** Rows that go through `conversation.remove_rows`; see migration 23. */
const REMOVABLE = ['contacts', 'aliases', 'threads', 'people', 'proofs'];

/** What others may read; see migration 34. */
const SHOWN: Readonly<Record<string, string>> = {
  contacts: 'merchant_id contact_id channel_account_id name created_at name_key person_id',
  aliases: 'merchant_id channel_account_id kind value contact_id seen_at verified_by verified_at',
  people: 'merchant_id person_id created_at',
  proofs: 'merchant_id contact_id kind scheme value proved_at ended_at',
};

/**
 * Schemes of aliases are open, and contacts that are proved to be one person have a person above them.
 *
 * The kind of a phone number stays `wa_id`, which is all that the release before looks for. The contract step, once that one
 * runs nowhere: `UPDATE conversation.aliases SET kind = 'phone' WHERE kind = 'wa_id'`, with the mapping in
 * `libs/core/messaging/person-before.ts` taken out. What the release before writes proves nothing: it has no `verified_by`, and
 * when that release gives an alias to another contact, the trigger `verified` takes away what was proved of the one before.
 */
export class People1700000000035 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Reads all rows of the table to check the constraint, and locks it until the migration is over: messages wait so long.
    await runner.query(`
      ALTER TABLE conversation.aliases
        DROP CONSTRAINT aliases_kind_check,
        ADD CONSTRAINT aliases_kind_check CHECK (kind ~ '^[a-z][a-z0-9_]{0,39}$'),
        ADD COLUMN verified_by text,
        ADD COLUMN verified_at timestamptz`);
    await runner.query(`
      COMMENT ON COLUMN conversation.aliases.verified_by IS 'the channel that proved that this is the contact''s';
      COMMENT ON COLUMN conversation.aliases.verified_at IS 'when the contact last wrote under it, proved: by the channel''s clock, and never moved back';
      COMMENT ON CONSTRAINT aliases_kind_check ON conversation.aliases IS 'a scheme, a phone number''s as the release before writes it: wa_id'
    `);
    // A merge moves an alias and leaves its `seen_at`: what was proved moves along. This release sets `verified_at` when it moves one.
    await runner.query(`
      CREATE FUNCTION conversation.aliases_verified() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          NEW.verified_by := NULL;
          NEW.verified_at := NULL;
          RETURN NEW;
        END
      $$`);
    await runner.query(`
      CREATE TRIGGER verified BEFORE UPDATE ON conversation.aliases FOR EACH ROW
        WHEN (NEW.contact_id <> OLD.contact_id AND NEW.seen_at <> OLD.seen_at
          AND NEW.verified_by = OLD.verified_by AND NEW.verified_at = OLD.verified_at)
        EXECUTE FUNCTION conversation.aliases_verified()`);
    // Who else has a number, on whichever account of the merchant.
    await runner.query(
      `CREATE INDEX aliases_verified ON conversation.aliases (merchant_id, value) WHERE verified_by IS NOT NULL`,
    );
    await runner.query(`
      CREATE TABLE conversation.people (
        merchant_id text NOT NULL,
        person_id text NOT NULL,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (merchant_id, person_id)
      )`);
    await runner.query(`
      ALTER TABLE conversation.contacts ADD COLUMN person_id text,
        ADD CONSTRAINT contacts_person FOREIGN KEY (merchant_id, person_id) REFERENCES conversation.people`);
    await runner.query(
      `CREATE INDEX contacts_person ON conversation.contacts (merchant_id, person_id) WHERE person_id IS NOT NULL`,
    );
    await runner.query(`
      CREATE TABLE conversation.proofs (
        merchant_id text NOT NULL,
        contact_id text NOT NULL,
        kind text NOT NULL CHECK (kind ~ '^[a-z][a-z0-9_]{0,39}$'),
        scheme text NOT NULL CHECK (scheme ~ '^[a-z][a-z0-9_]{0,39}$'),
        value text NOT NULL,
        proved_at timestamptz NOT NULL,
        ended_at timestamptz,
        PRIMARY KEY (merchant_id, contact_id, kind, scheme, value),
        -- The release before removes contacts, and does not know this table.
        FOREIGN KEY (merchant_id, contact_id) REFERENCES conversation.contacts ON DELETE CASCADE
      )`);
    await runner.query(`
      COMMENT ON COLUMN conversation.contacts.person_id IS 'null: not proved to be one with another contact';
      COMMENT ON TABLE conversation.proofs IS 'what proves that contacts are one person: contacts with the same proof are';
      COMMENT ON COLUMN conversation.proofs.ended_at IS 'since when it does not hold any more: the number is somebody else''s'`);
    await runner.query(`CREATE INDEX proofs_same ON conversation.proofs (merchant_id, value)`);
    for (const table of ['people', 'proofs']) {
      await protectTenantTable(runner, `conversation.${table}`, 'waco_conversation');
    }
    for (const [table, shown] of Object.entries(SHOWN)) {
      await showTable(runner, `conversation.${table}`, shown.split(' '));
    }
    await runner.query(
      `GRANT SELECT (ctid), DELETE ON conversation.people, conversation.proofs TO waco_remover`,
    );
    await runner.query(`
      CREATE OR REPLACE FUNCTION conversation.remove_rows(p_table text, p_rows tid[]) RETURNS bigint
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
          v_removed bigint;
        BEGIN
          IF p_table <> ALL (ARRAY[${REMOVABLE.map((table) => `'${table}'`).join(', ')}]) THEN
            RAISE EXCEPTION 'rows of % are not removed', p_table USING ERRCODE = 'insufficient_privilege';
          END IF;
          -- Row-level security holds here as well: rows of another merchant are not seen.
          EXECUTE format('DELETE FROM conversation.%I WHERE ctid = ANY ($1)', p_table) USING p_rows;
          GET DIAGNOSTICS v_removed = ROW_COUNT;
          RETURN v_removed;
        END
      $$`);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
