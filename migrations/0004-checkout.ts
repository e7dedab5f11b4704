import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createServiceSchema, protectTenantTable } from './support.js';

/** What Waco remembers of an order while the shop owns it: agreed figures, hold, payment page, money, parcels. */
export class Checkout1700000000004 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await createServiceSchema(runner, 'checkout', 'waco_checkout');
    await runner.query(`
      CREATE TABLE checkout.orders (
        merchant_id text NOT NULL,
        order_ref text NOT NULL,
        thread_id text NOT NULL,
        thread_stream text NOT NULL,
        person jsonb NOT NULL,
        state text NOT NULL,
        version integer NOT NULL,
        accepted_quote jsonb NOT NULL,
        present_quote jsonb,
        nonce text NOT NULL,
        link_token text,
        pay_before timestamptz,
        reservation_id text,
        reservation_expires_at timestamptz,
        session_attempt integer,
        session_id text,
        session_url text,
        session_expires_at timestamptz,
        session_ids text[] NOT NULL DEFAULT '{}',
        payment_id text,
        payment_session_id text,
        payment_amount jsonb,
        paid_at timestamptz,
        refunds jsonb NOT NULL DEFAULT '[]',
        store_order_number text,
        store_order_id text,
        store_status jsonb,
        fulfilments jsonb NOT NULL DEFAULT '[]',
        early_fulfilments jsonb NOT NULL DEFAULT '[]',
        told text[] NOT NULL DEFAULT '{}',
        work jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (merchant_id, order_ref)
      )`);
    await runner.query(`CREATE INDEX orders_by_state ON checkout.orders (merchant_id, state, updated_at)`);
    await runner.query(`
      COMMENT ON COLUMN checkout.orders.accepted_quote IS 'what the customer agreed to: evidence, never replaced';
      COMMENT ON COLUMN checkout.orders.session_ids IS 'all payment pages ever opened: money from any other is refused';
      COMMENT ON COLUMN checkout.orders.work IS 'errands and timers that are waited for, by round';
    `);
    await protectTenantTable(runner, 'checkout.orders', 'waco_checkout');
    // Operators follow an order; the link, which opens it, is not theirs to read.
    await runner.query(`GRANT USAGE ON SCHEMA checkout TO waco_admin`);
    await runner.query(
      `GRANT SELECT (merchant_id, order_ref, thread_id, state, version, accepted_quote, present_quote, pay_before,
         reservation_id, reservation_expires_at, session_attempt, session_id, session_expires_at, session_ids,
         payment_id, payment_session_id, payment_amount, paid_at, refunds, store_order_number, store_order_id,
         store_status, fulfilments, told, work, created_at, updated_at) ON checkout.orders TO waco_admin`,
    );
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
