/**
 * Who may do what, object by object, beyond a service's own schema. It is written out on purpose: whoever widens a
 * right changes this file, and a reviewer sees it. `own` may be read and written whole.
 */
export interface Rights {
  /** Schema whose tables this role may read and write. */
  own?: string;
  /** May connect. */
  login: boolean;
  /** Table or view to verbs; `(columns)` after SELECT when it is not the whole row. */
  foreign: Record<string, string>;
}

const JOURNAL = { 'journal.items': 'INSERT, SELECT, UPDATE' };

export const RIGHTS: Record<string, Rights> = {
  waco_ingest: {
    login: true,
    foreign: {
      'journal.items': 'INSERT',
      'tenancy.merchants': 'SELECT',
      'tenancy.channel_accounts': 'SELECT',
      'tenancy.store_connections': 'SELECT',
      'tenancy.payment_providers': 'SELECT',
      'tenancy.meta_apps': 'SELECT',
      'tenancy.former_webhook_secrets': 'SELECT',
    },
  },
  waco_conversation: {
    own: 'conversation',
    login: true,
    foreign: {
      ...JOURNAL,
      'tenancy.merchants': 'SELECT',
      'tenancy.channel_accounts': 'SELECT',
      'tenancy.store_connections': 'SELECT',
      'tenancy.merchant_settings': 'SELECT',
    },
  },
  waco_catalog: {
    own: 'catalog',
    login: true,
    foreign: {
      ...JOURNAL,
      'tenancy.merchants': 'SELECT',
      'tenancy.store_connections': 'SELECT',
      'tenancy.merchant_settings': 'SELECT',
    },
  },
  waco_checkout: {
    own: 'checkout',
    login: true,
    foreign: {
      ...JOURNAL,
      'tenancy.merchants': 'SELECT',
      'tenancy.store_connections': 'SELECT',
      'tenancy.payment_providers': 'SELECT',
      'tenancy.merchant_settings': 'SELECT',
    },
  },
  waco_outbound: {
    own: 'outbound',
    login: true,
    foreign: {
      ...JOURNAL,
      'tenancy.merchants': 'SELECT',
      'tenancy.channel_accounts': 'SELECT',
      'tenancy.templates': 'SELECT',
      'tenancy.merchant_settings': 'SELECT',
    },
  },
  waco_admin: {
    own: 'tenancy',
    login: true,
    foreign: {
      // Removes what is settled and old enough; the policy lets it touch nothing else.
      'journal.items': 'DELETE, INSERT, SELECT, UPDATE',
      'catalog.products': 'SELECT',
      'catalog.sync_cursors': 'SELECT',
      'checkout.orders': 'SELECT (columns)',
      'conversation.aliases': 'SELECT',
      'conversation.contacts': 'SELECT',
      'conversation.threads_seen': 'SELECT',
      'outbound.messages': 'SELECT',
      'outbound.messages_seen': 'SELECT',
      'outbound.recipients': 'SELECT',
      'outbound.senders': 'SELECT',
      'outbound.template_states': 'SELECT',
      'outbound.early_statuses': 'SELECT',
    },
  },
  // Roles of functions and views, which nobody can connect as.
  waco_dispatcher: {
    login: false,
    foreign: { 'journal.items': 'SELECT (columns)', 'outbound.messages': 'SELECT (columns)' },
  },
  waco_router: {
    login: false,
    foreign: {
      'tenancy.merchants': 'SELECT (columns)',
      'tenancy.channel_accounts': 'SELECT (columns)',
      'tenancy.store_connections': 'SELECT (columns)',
      'tenancy.meta_apps': 'SELECT (columns)',
    },
  },
  waco_viewer: {
    login: false,
    foreign: { 'conversation.threads': 'SELECT', 'outbound.messages': 'SELECT' },
  },
};

/** What these roles must never be shown, whatever else they may read: payloads, persons, secrets. */
export const BLIND: Record<string, string[]> = {
  waco_dispatcher: ['payload', 'external_id', 'person', 'content', 'reason'],
  waco_router: [
    'access_token',
    'api_key',
    'webhook_secret',
    'secret_key',
    'app_secret',
    'verify_token',
    'name',
  ],
};

/**
 * Policies that do not name the transaction's merchant: `table.policy` to the role it is for. Each lets a role do
 * one thing across merchants that is its work.
 */
export const ACROSS_MERCHANTS: Record<string, string> = {
  // Adds for many merchants in one insert; reads nothing.
  'journal.items.gateway': 'waco_ingest',
  // Which streams have work: columns without a payload, through functions.
  'journal.items.dispatch': 'waco_dispatcher',
  'outbound.messages.count': 'waco_dispatcher',
  // From a number, an account or an app to its merchant: columns without a secret, through functions.
  'tenancy.merchants.route': 'waco_router',
  'tenancy.channel_accounts.route': 'waco_router',
  'tenancy.store_connections.route': 'waco_router',
  'tenancy.meta_apps.route': 'waco_router',
  // Operators list merchants; a key is looked up before its merchant is known; requests belong to a caller.
  'tenancy.merchants.operators': 'waco_admin',
  'tenancy.api_keys.operators': 'waco_admin',
  'tenancy.idempotency_keys.callers': 'waco_admin',
  'tenancy.request_counts.counts': 'waco_admin',
  'tenancy.sessions.console': 'waco_admin',
  'tenancy.audit_log.operators': 'waco_admin',
  'tenancy.audit_log.platform': 'waco_admin',
  // What belongs to no merchant at all.
  'journal.items.see_quarantine': 'waco_admin',
  'journal.items.settle_quarantine': 'waco_admin',
  'journal.items.remove_quarantine': 'waco_admin',
};
