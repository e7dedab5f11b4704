import type { MigrationInterface, QueryRunner } from 'typeorm';
import { showTable } from './support.js';

/** Columns of each table that others may read, in the table's order. */
const SEEN: Readonly<Record<string, readonly string[]>> = {
  'catalog.products':
    columns(`merchant_id sku title description category_id category_title image_url price_minor
    currency available regions deleted product_sequence price_sequence stock_sequence synced_at described_at`),
  'catalog.sync_cursors':
    columns(`merchant_id updated_since confirmed_at full_at last_error last_error_at turn_of
    turn_until next_sync_at failures shop`),
  // The link, which opens an order, is nobody else's to read: neither its token and nonce nor the payment page.
  'checkout.orders':
    columns(`merchant_id order_ref thread_id thread_stream person state version accepted_quote
    present_quote pay_before reservation_id reservation_expires_at payment_account session_attempt session_id
    session_expires_at session_ids payment_id payment_session_id payment_amount paid_at refunds store_order_number
    store_order_id store_status fulfilments early_fulfilments told work created_at updated_at erased_at`),
  'conversation.contacts': columns('merchant_id contact_id channel_account_id name created_at name_key'),
  'conversation.aliases': columns('merchant_id channel_account_id kind value contact_id seen_at'),
  'outbound.recipients':
    columns(`merchant_id channel_account_id contact_id last_inbound_at window_refused pair_level
    pair_at pair_refusals pair_hold_until merged_into`),
  'outbound.senders':
    columns(`merchant_id channel_account_id next_slot_ms slowed_to slowed_at paused_at paused_until
    pause_reason pauses`),
  'outbound.template_states': columns(
    'merchant_id business_account_id name language state reason at recheck_at',
  ),
  'outbound.early_statuses': columns('merchant_id channel_message_id status received_at'),
};

const ITEM =
  columns(`id merchant_id service queue stream name source external_id payload occurred_at created_at due_at
  expedited blocking attempts redrives outcome reason settled_at parked_at endings evidence`);

/**
 * What a service shows of its tables to others: for each one a view `<table>_seen`, as messages and threads have had since
 * `0010-operations`. They are plain, so that PostgreSQL plans a query on one as it would on the table.
 *
 * They belong to `waco_viewer`, as those do, and not to whoever reads: row-level security holds for it, and the admin needs no
 * right on the tables. It keeps the ones that it has while the release before runs, which reads them; the next release takes
 * them away. Tests of the admin run without them already (`apps/admin/test/closed-tables.ts`).
 */
export class Seen1700000000034 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const [table, shown] of Object.entries(SEEN)) await showTable(runner, table, shown);
    await this.seeJournal(runner);
  }

  /**
   * Nobody owns the journal: who may see which of its items stands in policies for each role, so this view asks those of its
   * reader. The admin needs the table as well, as it redrives and erases there.
   */
  private async seeJournal(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE VIEW journal.items_seen WITH (security_invoker = true) AS SELECT ${ITEM.join(', ')} FROM journal.items`,
    );
    await runner.query(`GRANT SELECT ON journal.items_seen TO waco_admin`);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}

function columns(names: string): string[] {
  return names.split(/\s+/);
}
