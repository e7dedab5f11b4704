import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Several accounts at one payment provider, and orders that remember theirs. */
export class PaymentAccounts1700000000017 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // The release before writes neither column: its rows are of the one account that there was.
    await runner.query(`
      ALTER TABLE tenancy.payment_providers
        ADD COLUMN account text NOT NULL DEFAULT 'stripe' CHECK (account ~ '^stripe(-[a-z0-9]{1,20}){0,3}$'),
        DROP CONSTRAINT payment_providers_merchant_id_kind_key,
        ADD UNIQUE (merchant_id, account)`);
    await runner.query(`ALTER TABLE checkout.orders ADD COLUMN payment_account text DEFAULT 'stripe'`);
    await runner.query(`GRANT SELECT (payment_account) ON checkout.orders TO waco_admin`);
    await runner.query(`
      COMMENT ON COLUMN tenancy.payment_providers.account IS 'the merchant''s own key, in webhook addresses, routes and orders';
      COMMENT ON COLUMN checkout.orders.payment_account IS 'where its money is; null until chosen, then never changed'
    `);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}
