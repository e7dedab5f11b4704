import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createRole, noServiceRuns, ownFunction, SERVICE_ROLES, type ServiceRole } from './support.js';

/**
 * What one role does can hold up no other one. A role that may update or delete in a table may also lock all of it, and
 * an advisory lock is anybody's. So locks become rows that only their own service can reach, and rows of tables that
 * several roles use are removed by functions. `migrations/secure.ts` takes the rights away that this replaces.
 */
export class ClosedRights1700000000023 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Services of before lock by other means than those of after, and have rights that are taken away now: both at once would
    // apply a stream twice at a time, or fail.
    await noServiceRuns(runner);
    await locks(runner);
    await removers(runner);
    await adminWithinMerchants(runner);
  }

  async down(): Promise<void> {
    throw new Error('migrations only go forward');
  }
}

/** Rows to lock, by service and kind of what is locked. Names share a row when their hashes do, which only makes one wait. */
const SLOTS: readonly [service: string, kind: string, slots: number][] = [
  ...['conversation', 'catalog', 'checkout', 'outbound'].map((s) => [s, 'stream', 16_384] as const),
  ['conversation', 'contact', 65_536],
  ['outbound', 'channel-id', 65_536],
  ['admin', 'business-account', 256],
  ['admin', 'audit-chain', 256],
].map(([service, kind, slots]) => [service as string, kind as string, slots as number]);

async function locks(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE journal.locks (
      service text NOT NULL,
      kind text NOT NULL,
      slot integer NOT NULL,
      PRIMARY KEY (service, kind, slot)
    )`);
  await runner.query(`COMMENT ON TABLE journal.locks IS 'rows that are locked, and never changed'`);
  for (const [service, kind, slots] of SLOTS) {
    await runner.query(
      `INSERT INTO journal.locks (service, kind, slot) SELECT $1, $2, generate_series(0, $3::int - 1)`,
      [service, kind, slots],
    );
  }
  await runner.query(`ALTER TABLE journal.locks ENABLE ROW LEVEL SECURITY`);
  await runner.query(`ALTER TABLE journal.locks FORCE ROW LEVEL SECURITY`);
  for (const role of SERVICE_ROLES.filter((r) => r !== 'waco_ingest')) {
    const own = `service = '${role.replace('waco_', '')}'`;
    await runner.query(`CREATE POLICY own_${role} ON journal.locks TO ${role} USING (${own})`);
    // A row can be locked by whoever may update one of its columns; the whole table cannot.
    await runner.query(`GRANT SELECT, UPDATE (slot) ON journal.locks TO ${role}`);
  }
}

/** Tables of which a service removes rows that another service reads as well, or that go with their merchant. */
const SHARED: readonly [schema: string, role: ServiceRole, tables: readonly string[]][] = [
  ['journal', 'waco_admin', ['items']],
  ['conversation', 'waco_conversation', ['contacts', 'aliases', 'threads']],
  ['catalog', 'waco_catalog', ['products', 'sync_cursors']],
  ['checkout', 'waco_checkout', ['orders']],
  ['outbound', 'waco_outbound', ['messages', 'recipients', 'senders', 'template_states', 'early_statuses']],
  [
    'tenancy',
    'waco_admin',
    [
      'channel_accounts',
      'store_connections',
      'payment_providers',
      'templates',
      'merchant_settings',
      'meta_apps',
      'former_webhook_secrets',
      'api_keys',
      'idempotency_keys',
      'erasures',
    ],
  ],
];

async function removers(runner: QueryRunner): Promise<void> {
  await createRole(runner, 'waco_remover');
  for (const [schema, role, tables] of SHARED) {
    await runner.query(`GRANT USAGE ON SCHEMA ${schema} TO waco_remover`);
    // It finds a row by its place alone, and reads nothing of it.
    await runner.query(
      `GRANT SELECT (ctid), DELETE ON ${tables.map((table) => `${schema}.${table}`).join(', ')} TO waco_remover`,
    );
    await runner.query(`
      CREATE FUNCTION ${schema}.remove_rows(p_table text, p_rows tid[]) RETURNS bigint
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
        DECLARE
          v_removed bigint;
        BEGIN
          IF p_table <> ALL (ARRAY[${tables.map((table) => `'${table}'`).join(', ')}]) THEN
            RAISE EXCEPTION 'rows of % are not removed', p_table USING ERRCODE = 'insufficient_privilege';
          END IF;
          -- Row-level security holds here as well: rows of another merchant are not seen.
          EXECUTE format('DELETE FROM ${schema}.%I WHERE ctid = ANY ($1)', p_table) USING p_rows;
          GET DIAGNOSTICS v_removed = ROW_COUNT;
          RETURN v_removed;
        END
      $$`);
    const signature = `${schema}.remove_rows(text, tid[])`;
    await ownFunction(runner, signature, schema, 'waco_remover');
    await runner.query(`GRANT EXECUTE ON FUNCTION ${signature} TO ${role}`);
  }
  // What is not settled is never removed, whoever asks.
  for (const policy of ['remove_waco_admin', 'remove_quarantine']) {
    await runner.query(`DROP POLICY ${policy} ON journal.items`);
  }
  const ofMerchant = `settled_at IS NOT NULL AND merchant_id = current_setting('waco.merchant_id', true)`;
  const quarantined = `settled_at IS NOT NULL AND service = 'quarantine' AND merchant_id IS NULL
    AND current_setting('waco.quarantine', true) = 'on'`;
  for (const verb of ['SELECT', 'DELETE']) {
    const name = verb === 'SELECT' ? 'find' : 'remove';
    await runner.query(
      `CREATE POLICY ${name}_settled ON journal.items FOR ${verb} TO waco_remover USING (${ofMerchant})`,
    );
    await runner.query(
      `CREATE POLICY ${name}_quarantined ON journal.items FOR ${verb} TO waco_remover USING (${quarantined})`,
    );
  }
}

/**
 * The admin sees across merchants what operators look for before they know the merchant, and changes nothing there: a
 * change belongs to the transaction's merchant, or to none if it concerns the platform itself.
 */
async function adminWithinMerchants(runner: QueryRunner): Promise<void> {
  const own = `merchant_id IS NOT DISTINCT FROM nullif(current_setting('waco.merchant_id', true), '')`;
  const across = { merchants: 'operators', api_keys: 'operators', idempotency_keys: 'callers' };
  for (const [table, policy] of Object.entries(across)) {
    await runner.query(`DROP POLICY ${policy} ON tenancy.${table}`);
    await runner.query(`CREATE POLICY ${policy} ON tenancy.${table} FOR SELECT TO waco_admin USING (true)`);
  }
  for (const table of ['api_keys', 'idempotency_keys']) {
    await runner.query(
      `CREATE POLICY platform ON tenancy.${table} TO waco_admin, waco_remover USING (${own}) WITH CHECK (${own})`,
    );
  }
}
