import type { MigrationInterface, QueryRunner } from 'typeorm';
import { protectTenantTable, showTable } from './support.js';

/** Rows that go through `conversation.remove_rows`; see migration 23. */
const REMOVABLE = ['contacts', 'aliases', 'threads', 'people', 'proofs'];

/** What others may read; see migration 34. */
const SHOWN: Readonly<Record<string, string>> = {
  contacts: 'merchant_id contact_id channel_account_id name created_at name_key person_id',
  aliases: 'merchant_id channel_account_id kind value contact_id seen_at verified_by',
  people: 'merchant_id person_id created_at',
  proofs: 'merchant_id contact_id kind scheme value proved_at ended_at',
};

/**
 * Schemes of aliases are open, and contacts that are proved to be one person have a person above them.
 *
 * The kind of a phone number stays `wa_id`, which is all that the release before looks for. The contract step, once that one
 * runs nowhere: `UPDATE conversation.aliases SET kind = 'phone' WHERE kind = 'wa_id'`, with the mapping in
 * `libs/core/messaging/person-before.ts` taken out. What the release before writes has no `verified_by`, and so proves nothing.
 */
export class People1700000000035 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE conversation.aliases
        DROP CONSTRAINT aliases_kind_check,
        ADD CONSTRAINT aliases_kind_check CHECK (kind ~ '^[a-z][a-z0-9_]{0,39}$') NOT VALID,
        ADD COLUMN verified_by text`);
    await runner.query(`ALTER TABLE conversation.aliases VALIDATE CONSTRAINT aliases_kind_check`);
    await runner.query(`
      COMMENT ON COLUMN conversation.aliases.verified_by IS 'the channel that proved, when this was last seen, that it is the writer''s';
      COMMENT ON CONSTRAINT aliases_kind_check ON conversation.aliases IS 'a scheme, a phone number''s as the release before writes it: wa_id'
    `);
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
