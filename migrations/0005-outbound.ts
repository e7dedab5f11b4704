import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createServiceSchema, ownFunction, protectTenantTable } from './support.js';

/** Messages to customers with everything that happened to them, and what limits their sending. */
export class Outbound1700000000005 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createServiceSchema(runner, 'outbound', 'waco_outbound');
    await runner.query(`GRANT USAGE ON SCHEMA outbound TO waco_admin, waco_dispatcher`);

    await runner.query(`
      CREATE TABLE outbound.messages (
        merchant_id text NOT NULL,
        message_id text NOT NULL,
        -- Its place in the line of its recipient.
        seq bigint GENERATED ALWAYS AS IDENTITY,
        channel_account_id text NOT NULL,
        contact_id text NOT NULL,
        person jsonb NOT NULL,
        content jsonb NOT NULL,
        template jsonb,
        thread_id text NOT NULL,
        order_ref text,
        deadline timestamptz,
        state text NOT NULL CHECK (state IN ('queued', 'waiting', 'sending', 'indeterminate', 'accepted', 'held',
          'sent', 'delivered', 'read', 'played', 'failed', 'dropped')),
        -- Still in its recipient's line: the line does not go past it.
        open boolean NOT NULL DEFAULT true,
        plan integer NOT NULL DEFAULT 0,
        verdict jsonb,
        planned_at timestamptz,
        -- The number's slot that was reserved for this plan.
        slot_at timestamptz,
        -- Stored before the call: a second run of the same plan knows that the first may have sent.
        called_at timestamptz,
        sends integer NOT NULL DEFAULT 0,
        retries integer NOT NULL DEFAULT 0,
        late_failures integer NOT NULL DEFAULT 0,
        not_before timestamptz,
        indeterminate_at timestamptz,
        possible_duplicate boolean NOT NULL DEFAULT false,
        without_media boolean NOT NULL DEFAULT false,
        channel_message_id text,
        -- Of sends of this message that failed later: what is still said of them no longer counts.
        failed_channel_ids text[] NOT NULL DEFAULT '{}',
        error jsonb,
        pricing jsonb,
        created_at timestamptz NOT NULL,
        accepted_at timestamptz,
        held_at timestamptz,
        sent_at timestamptz,
        delivered_at timestamptz,
        read_at timestamptz,
        played_at timestamptz,
        failed_at timestamptz,
        dropped_at timestamptz,
        PRIMARY KEY (merchant_id, message_id)
      )`);
    await runner.query(
      `CREATE INDEX messages_line ON outbound.messages (merchant_id, channel_account_id, contact_id, seq) WHERE open`,
    );
    await runner.query(
      `CREATE INDEX messages_by_channel_id ON outbound.messages (merchant_id, channel_message_id)`,
    );
    await runner.query(`CREATE INDEX messages_by_thread ON outbound.messages (merchant_id, thread_id, seq)`);

    await runner.query(`
      CREATE TABLE outbound.recipients (
        merchant_id text NOT NULL,
        channel_account_id text NOT NULL,
        contact_id text NOT NULL,
        last_inbound_at timestamptz,
        -- The channel refused a free-form message after that last one.
        window_refused boolean NOT NULL DEFAULT false,
        pair_level double precision NOT NULL DEFAULT 0,
        pair_at timestamptz NOT NULL,
        pair_refusals integer NOT NULL DEFAULT 0,
        pair_hold_until timestamptz,
        PRIMARY KEY (merchant_id, channel_account_id, contact_id)
      )`);
    await runner.query(`
      CREATE TABLE outbound.senders (
        merchant_id text NOT NULL,
        channel_account_id text NOT NULL,
        -- Milliseconds of the epoch, with fractions.
        next_slot_ms double precision NOT NULL DEFAULT 0,
        slowed_to double precision,
        slowed_at timestamptz,
        -- Refusals of calls made before this moment say nothing new.
        paused_at timestamptz,
        paused_until timestamptz,
        pause_reason text,
        pauses integer NOT NULL DEFAULT 0,
        PRIMARY KEY (merchant_id, channel_account_id)
      )`);
    await runner.query(`
      CREATE TABLE outbound.template_states (
        merchant_id text NOT NULL,
        business_account_id text NOT NULL,
        name text NOT NULL,
        language text NOT NULL,
        state text NOT NULL,
        reason text,
        -- By the channel's clock, or ours when a refusal told us.
        at timestamptz NOT NULL,
        recheck_at timestamptz,
        PRIMARY KEY (merchant_id, business_account_id, name, language)
      )`);
    // Statuses that came before the answer that names their message.
    await runner.query(`
      CREATE TABLE outbound.early_statuses (
        merchant_id text NOT NULL,
        channel_message_id text NOT NULL,
        status jsonb NOT NULL,
        received_at timestamptz NOT NULL
      )`);
    await runner.query(
      `CREATE INDEX early_statuses_by_id ON outbound.early_statuses (merchant_id, channel_message_id)`,
    );
    await runner.query(
      `CREATE INDEX early_statuses_by_age ON outbound.early_statuses (merchant_id, received_at)`,
    );
    for (const table of ['messages', 'recipients', 'senders', 'template_states', 'early_statuses']) {
      await protectTenantTable(runner, `outbound.${table}`, 'waco_outbound', ['waco_admin']);
    }

    // How many messages are in which unfinished state, over all merchants, for metrics: never a message.
    await runner.query(
      `CREATE INDEX messages_open ON outbound.messages (state) WHERE open OR state = 'indeterminate'`,
    );
    await runner.query(`GRANT SELECT (state, open) ON outbound.messages TO waco_dispatcher`);
    await runner.query(`CREATE POLICY count ON outbound.messages FOR SELECT TO waco_dispatcher USING (true)`);
    await runner.query(`
      CREATE FUNCTION outbound.open_messages() RETURNS TABLE (state text, messages bigint)
      LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
        SELECT m.state, count(*) FROM outbound.messages m
        WHERE m.open OR m.state = 'indeterminate' GROUP BY 1
      $$`);
    await ownFunction(runner, 'outbound.open_messages()', 'outbound', 'waco_dispatcher');
    await runner.query(`GRANT EXECUTE ON FUNCTION outbound.open_messages() TO waco_outbound`);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
