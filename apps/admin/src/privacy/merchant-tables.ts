import {
  aliasesSeen,
  contactsSeen,
  earlyStatusesSeen,
  itemsSeen,
  messagesSeen,
  ordersSeen,
  peopleSeen,
  productsSeen,
  proofsSeen,
  recipientsSeen,
  sendersSeen,
  syncCursorsSeen,
  templateStatesSeen,
  threadsSeen,
  webhookSendersSeen,
} from '#evidence';

export interface ExportedTable {
  /** A table of the admin's own, or what another service shows of one. */
  name: string;
  /** What tells its rows apart, in the order in which they are read, each with its type. */
  key: readonly (readonly [column: string, type: string])[];
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
  { name: productsSeen.name, key: text('sku') },
  { name: syncCursorsSeen.name, key: text('merchant_id') },
  { name: peopleSeen.name, key: text('person_id') },
  { name: contactsSeen.name, key: text('contact_id') },
  { name: aliasesSeen.name, key: text('channel_account_id', 'kind', 'value') },
  { name: proofsSeen.name, key: text('contact_id', 'kind', 'scheme', 'value') },
  { name: threadsSeen.name, key: text('thread_id') },
  { name: ordersSeen.name, key: text('order_ref') },
  { name: recipientsSeen.name, key: text('channel_account_id', 'contact_id') },
  { name: sendersSeen.name, key: text('channel_account_id') },
  { name: templateStatesSeen.name, key: text('account_id', 'name', 'language') },
  {
    name: earlyStatusesSeen.name,
    key: [
      ['channel_message_id', 'text'],
      ['received_at', 'timestamptz'],
      ['(status::text)', 'text'],
    ],
  },
  { name: messagesSeen.name, key: [['seq', 'bigint']] },
  { name: webhookSendersSeen.name, key: text('port', 'kind', 'id') },
  { name: itemsSeen.name, key: NUMBER },
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
