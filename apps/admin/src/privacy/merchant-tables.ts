/** Of an order, all that the admin service may read: the link, which opens it, is not among it. */
export const ORDER_COLUMNS = [
  'merchant_id',
  'order_ref',
  'thread_id',
  'thread_stream',
  'person',
  'state',
  'version',
  'accepted_quote',
  'present_quote',
  'pay_before',
  'reservation_id',
  'reservation_expires_at',
  'payment_account',
  'session_attempt',
  'session_id',
  'session_expires_at',
  'session_ids',
  'payment_id',
  'payment_session_id',
  'payment_amount',
  'paid_at',
  'refunds',
  'store_order_number',
  'store_order_id',
  'store_status',
  'fulfilments',
  'early_fulfilments',
  'told',
  'work',
  'created_at',
  'updated_at',
  'erased_at',
];

export interface ExportedTable {
  /** As the admin service may read it: a table, or the view of it without links. */
  name: string;
  /** What tells its rows apart, in the order in which they are read, each with its type. */
  key: readonly (readonly [column: string, type: string])[];
  columns?: readonly string[];
}

const text = (...columns: string[]) => columns.map((column) => [column, 'text'] as const);
const ID = text('id');
const NUMBER = [['id', 'bigint']] as const;

/** Everything that a merchant has here. Secrets are left out by their names, see `withoutSecrets`. */
export const EXPORTED: readonly ExportedTable[] = [
  { name: 'tenancy.merchants', key: text('merchant_id') },
  { name: 'tenancy.merchant_settings', key: text('merchant_id') },
  { name: 'tenancy.channel_accounts', key: ID },
  { name: 'tenancy.meta_apps', key: ID },
  { name: 'tenancy.store_connections', key: ID },
  { name: 'tenancy.payment_providers', key: ID },
  { name: 'tenancy.templates', key: ID },
  { name: 'tenancy.api_keys', key: ID },
  { name: 'tenancy.erasures', key: text('erasure_id') },
  { name: 'catalog.products', key: text('sku') },
  { name: 'catalog.sync_cursors', key: text('merchant_id') },
  { name: 'conversation.people', key: text('person_id') },
  { name: 'conversation.contacts', key: text('contact_id') },
  { name: 'conversation.aliases', key: text('channel_account_id', 'kind', 'value') },
  { name: 'conversation.proofs', key: text('contact_id', 'kind', 'scheme', 'value') },
  { name: 'conversation.threads_seen', key: text('thread_id') },
  { name: 'checkout.orders', key: text('order_ref'), columns: ORDER_COLUMNS },
  { name: 'outbound.recipients', key: text('channel_account_id', 'contact_id') },
  { name: 'outbound.senders', key: text('channel_account_id') },
  { name: 'outbound.template_states', key: text('business_account_id', 'name', 'language') },
  {
    name: 'outbound.early_statuses',
    key: [
      ['channel_message_id', 'text'],
      ['received_at', 'timestamptz'],
      ['(status::text)', 'text'],
    ],
  },
  { name: 'outbound.messages_seen', key: [['seq', 'bigint']] },
  { name: 'journal.items', key: NUMBER },
  { name: 'tenancy.audit_log', key: NUMBER },
];

/** Tables of which an export has nothing: sealed answers, secrets on their way out, counts of requests, sessions. */
export const NOT_EXPORTED = [
  'tenancy.idempotency_keys',
  'tenancy.former_webhook_secrets',
  'tenancy.request_counts',
  'tenancy.sessions',
];

/** Names that secrets have. A column that comes later and is named so stays out too. */
const SECRET = /secret|token|password|credential|(^|_)hash$|^api_key$/;
/** A sealed value, wherever it stands: `v1.<key id>.<wrapped key>.<secret>`. */
const SEALED = /^v\d+\.[\w-]+\.[\w-]{20,}\.[\w-]{20,}/;

/** A row without what opens something. The audit log's hashes prove it and open nothing. */
export function withoutSecrets(table: string, row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).filter(([column, value]) => {
      if (typeof value === 'string' && SEALED.test(value)) return false;
      return table === 'tenancy.audit_log' || !table.startsWith('tenancy.') || !SECRET.test(column);
    }),
  );
}
