import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What operators look up and repair: reading rights without links, the quarantine, and indexes for the searches. */
export class Operations1700000000010 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await readConversation(runner);
    await readMessages(runner);
    await readQuarantine(runner);
    await runner.query(`GRANT SELECT (thread_stream, early_fulfilments) ON checkout.orders TO waco_admin`);
    for (const index of INDEXES) await runner.query(`CREATE INDEX ${index}`);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}

const INDEXES = [
  // The line of an order, a thread or a message, in its order.
  'items_by_stream ON journal.items (merchant_id, stream, occurred_at, id)',
  // What came from outside, newest first.
  `items_received ON journal.items (merchant_id, created_at, id) WHERE source <> 'job'`,
  `items_quarantined ON journal.items (id) WHERE outcome = 'quarantined'`,
  'messages_newest ON outbound.messages (merchant_id, seq)',
  'messages_by_state ON outbound.messages (merchant_id, state, seq)',
  'messages_by_order ON outbound.messages (merchant_id, order_ref, seq) WHERE order_ref IS NOT NULL',
  'orders_newest ON checkout.orders (merchant_id, created_at, order_ref)',
  'orders_by_number ON checkout.orders (merchant_id, store_order_number)',
  'orders_by_thread ON checkout.orders (merchant_id, thread_id)',
  'threads_recent ON conversation.threads (merchant_id, updated_at, thread_id)',
  'threads_by_phase ON conversation.threads (merchant_id, phase, updated_at, thread_id)',
  'aliases_by_value ON conversation.aliases (merchant_id, value)',
  'contacts_by_name ON conversation.contacts (merchant_id, name_key text_pattern_ops)',
];

/** A thread's state may hold the link to an open payment page: operators see the rest of it. */
async function readConversation(runner: QueryRunner): Promise<void> {
  // A column, since row-level security lets no index answer what a function says of a row.
  await runner.query(
    `ALTER TABLE conversation.contacts ADD COLUMN name_key text GENERATED ALWAYS AS (lower(name)) STORED`,
  );
  await runner.query(`GRANT USAGE ON SCHEMA conversation TO waco_admin`);
  await runner.query(`GRANT SELECT ON conversation.contacts, conversation.aliases TO waco_admin`);
  await tenantView(
    runner,
    'conversation',
    'waco_conversation',
    `CREATE VIEW conversation.threads_seen AS
       SELECT merchant_id, thread_id, channel_account_id, contact_id, stream, phase, version, expires_at, created_at,
         updated_at, former_ids, state->'cart' AS cart, state->'orders' AS orders,
         state->'order'->>'ref' AS open_order_ref, state->'pending'->>'since' AS waiting_since
       FROM conversation.threads`,
    'conversation.threads_seen',
  );
}

/** A message that asks for payment carries the link: operators see the rest of it. */
async function readMessages(runner: QueryRunner): Promise<void> {
  await tenantView(
    runner,
    'outbound',
    'waco_outbound',
    `CREATE VIEW outbound.messages_seen AS
       SELECT merchant_id, message_id, seq, channel_account_id, contact_id, person, content - 'url' AS content, template,
         thread_id, order_ref, deadline, state, open, plan, verdict, planned_at, slot_at, called_at, sends, retries,
         late_failures, not_before, indeterminate_at, possible_duplicate, without_media, channel_message_id,
         failed_channel_ids, error, pricing, created_at, accepted_at, held_at, sent_at, delivered_at, read_at,
         played_at, failed_at, dropped_at
       FROM outbound.messages`,
    'outbound.messages_seen',
  );
  await runner.query(`REVOKE SELECT ON outbound.messages FROM waco_admin`);
}

/** A view runs with its owner's rights: a service's own, so that row-level security holds behind it. */
async function tenantView(
  runner: QueryRunner,
  schema: string,
  role: string,
  definition: string,
  name: string,
): Promise<void> {
  await runner.query(definition);
  await runner.query(`GRANT ${role} TO CURRENT_USER`);
  await runner.query(`GRANT CREATE ON SCHEMA ${schema} TO ${role}`);
  await runner.query(`ALTER VIEW ${name} OWNER TO ${role}`);
  await runner.query(`REVOKE CREATE ON SCHEMA ${schema} FROM ${role}`);
  await runner.query(`GRANT SELECT ON ${name} TO waco_admin`);
}

/**
 * What could not be led to a merchant belongs to none. Only a transaction that says that it looks at the quarantine
 * sees it, and without a merchant of its own it sees nothing else.
 */
async function readQuarantine(runner: QueryRunner): Promise<void> {
  const rule = `service = 'quarantine' AND merchant_id IS NULL AND current_setting('waco.quarantine', true) = 'on'`;
  await runner.query(
    `CREATE POLICY see_quarantine ON journal.items FOR SELECT TO waco_admin USING (${rule})`,
  );
  await runner.query(
    `CREATE POLICY settle_quarantine ON journal.items FOR UPDATE TO waco_admin USING (${rule}) WITH CHECK (${rule})`,
  );
  await runner.query(
    `GRANT EXECUTE ON FUNCTION tenancy.route_phone_number(text), tenancy.route_business_account(text) TO waco_admin`,
  );
}
