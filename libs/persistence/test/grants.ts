/**
 * Who may do what, object by object, beyond a service's own schema. It is written out on purpose: whoever widens a
 * right changes this file, and a reviewer sees it. `own` may be read and written.
 */
export interface Rights {
  /** Schema whose tables this role may read and write. */
  own?: string;
  /** May connect. */
  login: boolean;
  /** Table or view to verbs; `(columns)` after one that is not granted on the whole row. */
  foreign: Record<string, string>;
  /** Functions that belong to somebody else, by schema and name. */
  functions: string;
}

const JOURNAL = {
  'journal.items': 'INSERT, SELECT, UPDATE (columns)',
  'journal.locks': 'SELECT, UPDATE (columns)',
};
/** What every service that applies items calls. */
const APPLY = 'journal.backlog, journal.overdue_streams, journal.settle, journal.expect';
/** What services show of themselves: views without what opens something. */
const SEEN = [
  'catalog.products_seen',
  'catalog.sync_cursors_seen',
  'checkout.orders_seen',
  'conversation.aliases_seen',
  'conversation.contacts_seen',
  'conversation.people_seen',
  'conversation.proofs_seen',
  'conversation.threads_seen',
  'journal.items_seen',
  'outbound.early_statuses_seen',
  'outbound.messages_seen',
  'outbound.recipients_seen',
  'outbound.senders_seen',
  'outbound.template_states_seen',
];
const QUEUE_TABLE = 'DELETE, INSERT, SELECT, UPDATE';

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
    functions: `${APPLY}, tenancy.route_account, tenancy.route_business_account, tenancy.route_meta_app,
      tenancy.route_phone_number, tenancy.route_sender`,
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
    functions: `${APPLY}, conversation.remove_rows`,
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
    functions: `${APPLY}, catalog.claim_due_syncs, catalog.remove_rows, tenancy.merchants_with_store`,
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
    functions: `${APPLY}, checkout.remove_rows`,
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
    functions: `${APPLY}, outbound.open_messages, outbound.remove_rows`,
  },
  waco_admin: {
    own: 'tenancy',
    login: true,
    foreign: {
      ...JOURNAL,
      ...Object.fromEntries(SEEN.map((view) => [view, 'SELECT'])),
      // For the release before; the next one takes these away.
      'catalog.products': 'SELECT',
      'catalog.sync_cursors': 'SELECT',
      'checkout.orders': 'SELECT (columns)',
      'conversation.aliases': 'SELECT',
      'conversation.contacts': 'SELECT',
      'outbound.recipients': 'SELECT',
      'outbound.senders': 'SELECT',
      'outbound.template_states': 'SELECT',
      'outbound.early_statuses': 'SELECT',
    },
    functions: `${APPLY}, journal.dead_letters, journal.dead_letter_owner, journal.remove_rows, tenancy.remove_rows,
      tenancy.route_account, tenancy.route_business_account, tenancy.route_phone_number, tenancy.route_sender`,
  },
  // BullMQ's own, and no service's: it has nothing elsewhere, and creates nothing.
  waco_queue: {
    login: true,
    foreign: {
      'bullmq.dedup': QUEUE_TABLE,
      'bullmq.dedup_next': QUEUE_TABLE,
      'bullmq.event': QUEUE_TABLE,
      'bullmq.job': QUEUE_TABLE,
      'bullmq.job_dependency': QUEUE_TABLE,
      'bullmq.job_log': QUEUE_TABLE,
      'bullmq.meta': QUEUE_TABLE,
      'bullmq.metrics': QUEUE_TABLE,
      // Who could write it could keep every service from starting.
      'bullmq.migration': 'SELECT',
      'bullmq.rate_limit': QUEUE_TABLE,
      'bullmq.scheduler': QUEUE_TABLE,
    },
    functions: 'bullmq.*',
  },
  // Roles of functions and views, which nobody can connect as.
  waco_remover: {
    login: false,
    foreign: Object.fromEntries(
      [
        'journal.items',
        'catalog.products',
        'catalog.sync_cursors',
        'checkout.orders',
        'conversation.aliases',
        'conversation.contacts',
        'conversation.people',
        'conversation.proofs',
        'conversation.threads',
        'outbound.early_statuses',
        'outbound.messages',
        'outbound.recipients',
        'outbound.senders',
        'outbound.template_states',
        'tenancy.api_keys',
        'tenancy.channel_accounts',
        'tenancy.erasures',
        'tenancy.former_webhook_secrets',
        'tenancy.idempotency_keys',
        'tenancy.merchant_settings',
        'tenancy.meta_apps',
        'tenancy.payment_providers',
        'tenancy.store_connections',
        'tenancy.templates',
      ].map((table) => [table, 'DELETE, SELECT (columns)']),
    ),
    functions: '',
  },
  waco_dispatcher: {
    login: false,
    foreign: { 'journal.items': 'SELECT (columns)', 'outbound.messages': 'SELECT (columns)' },
    functions: '',
  },
  waco_router: {
    login: false,
    foreign: {
      'tenancy.merchants': 'SELECT (columns)',
      'tenancy.channel_accounts': 'SELECT (columns)',
      'tenancy.store_connections': 'SELECT (columns)',
      'tenancy.meta_apps': 'SELECT (columns)',
    },
    functions: '',
  },
  waco_scheduler: {
    login: false,
    foreign: {
      'catalog.sync_cursors': 'INSERT (columns), SELECT (columns), UPDATE (columns)',
      'tenancy.merchants': 'SELECT (columns)',
      'tenancy.store_connections': 'SELECT (columns)',
    },
    functions: '',
  },
  waco_viewer: {
    login: false,
    foreign: {
      'conversation.threads': 'SELECT',
      'outbound.messages': 'SELECT',
      'catalog.products': 'SELECT (columns)',
      'catalog.sync_cursors': 'SELECT (columns)',
      'checkout.orders': 'SELECT (columns)',
      'conversation.aliases': 'SELECT (columns)',
      'conversation.contacts': 'SELECT (columns)',
      'conversation.people': 'SELECT (columns)',
      'conversation.proofs': 'SELECT (columns)',
      'outbound.early_statuses': 'SELECT (columns)',
      'outbound.recipients': 'SELECT (columns)',
      'outbound.senders': 'SELECT (columns)',
      'outbound.template_states': 'SELECT (columns)',
    },
    functions: '',
  },
};

/** What these roles must never be shown, whatever else they may read: payloads, persons, secrets. */
export const BLIND: Record<string, string[]> = {
  waco_remover: ['payload', 'person', 'content', 'access_token', 'hash'],
  waco_dispatcher: ['payload', 'external_id', 'person', 'content', 'reason'],
  waco_scheduler: ['last_error', 'updated_since', 'api_key', 'webhook_secret', 'base_url', 'name'],
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
 * Policies that do not name the transaction's merchant: `table.policy` to the role it is for and what it lets it do. Each
 * lets a role do one thing across merchants that is its work.
 */
export const ACROSS_MERCHANTS: Record<string, [role: string, verb: string]> = {
  // Adds for many merchants in one insert; reads nothing.
  'journal.items.gateway': ['waco_ingest', 'INSERT'],
  // Which streams have work: columns without a payload, through functions.
  'journal.items.dispatch': ['waco_dispatcher', 'SELECT'],
  'outbound.messages.count': ['waco_dispatcher', 'SELECT'],
  // From a number, an account or an app to its merchant: columns without a secret, through functions.
  'tenancy.merchants.route': ['waco_router', 'SELECT'],
  'tenancy.channel_accounts.route': ['waco_router', 'SELECT'],
  'tenancy.store_connections.route': ['waco_router', 'SELECT'],
  'tenancy.meta_apps.route': ['waco_router', 'SELECT'],
  // Which shops are due to be read, and that they are claimed: two times, through a function.
  'catalog.sync_cursors.find_due': ['waco_scheduler', 'SELECT'],
  'catalog.sync_cursors.claim_due': ['waco_scheduler', 'UPDATE'],
  'catalog.sync_cursors.begin': ['waco_scheduler', 'INSERT'],
  'tenancy.merchants.schedule': ['waco_scheduler', 'SELECT'],
  'tenancy.store_connections.schedule': ['waco_scheduler', 'SELECT'],
  // Operators list merchants and read the log; a key, and what a caller asked for before, are looked up before the
  // merchant is known. To look, not to change.
  'tenancy.merchants.operators': ['waco_admin', 'SELECT'],
  'tenancy.api_keys.operators': ['waco_admin', 'SELECT'],
  'tenancy.idempotency_keys.callers': ['waco_admin', 'SELECT'],
  'tenancy.audit_log.operators': ['waco_admin', 'SELECT'],
  // What belongs to no merchant at all.
  'tenancy.request_counts.counts': ['waco_admin', 'ALL'],
  'tenancy.sessions.console': ['waco_admin', 'ALL'],
  'tenancy.audit_log.platform': ['waco_admin', 'INSERT'],
  'journal.items.see_quarantine': ['waco_admin', 'SELECT'],
  'journal.items.settle_quarantine': ['waco_admin', 'UPDATE'],
  'journal.items.find_quarantined': ['waco_remover', 'SELECT'],
  'journal.items.remove_quarantined': ['waco_remover', 'DELETE'],
};

/** Tables of services that hold nothing of merchants: rows to be locked, each by its service. */
export const WITHOUT_MERCHANTS = ['journal.locks'];
