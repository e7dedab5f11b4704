import { Journal1700000000001 } from './0001-journal.js';
import { Tenancy1700000000002 } from './0002-tenancy.js';
import { Catalog1700000000003 } from './0003-catalog.js';
import { Checkout1700000000004 } from './0004-checkout.js';
import { Outbound1700000000005 } from './0005-outbound.js';
import { Admin1700000000006 } from './0006-admin.js';
import { Ingest1700000000007 } from './0007-ingest.js';
import { Conversation1700000000008 } from './0008-conversation.js';
import { ConversationMerges1700000000009 } from './0009-conversation-merges.js';
import { TenancyDepth1700000000009 } from './0009-tenancy-depth.js';
import { Operations1700000000010 } from './0010-operations.js';
import { OverdueStreams1700000000011 } from './0011-overdue-streams.js';
import { MetaApps1700000000012 } from './0012-meta-apps.js';
import { FailedChannelIds1700000000013 } from './0013-failed-channel-ids.js';
import { Isolation1700000000014 } from './0014-isolation.js';
import { People1700000000015 } from './0015-people.js';
import { JournalRetention1700000000016 } from './0016-journal-retention.js';
import { PaymentAccounts1700000000017 } from './0017-payment-accounts.js';
import { AdminReplicas1700000000018 } from './0018-admin-replicas.js';
import { JournalHotPath1700000000019 } from './0019-journal-hot-path.js';
import { JournalPlans1700000000020 } from './0020-journal-plans.js';
import { JournalEndings1700000000021 } from './0021-journal-endings.js';
import { JournalOwnBacklog1700000000022 } from './0022-journal-own-backlog.js';
import { ClosedRights1700000000023 } from './0023-closed-rights.js';
import { AdminSessions1700000000024 } from './0024-admin-sessions.js';
import { SyncTurns1700000000025 } from './0025-sync-turns.js';
import { BoundedPayloads1700000000026 } from './0026-bounded-payloads.js';
import { OwnSources1700000000027 } from './0027-own-sources.js';
import { Turns1700000000028 } from './0028-turns.js';
import { RecipientMerges1700000000029 } from './0029-recipient-merges.js';
import { DueSyncs1700000000030 } from './0030-due-syncs.js';
import { AsSeen1700000000031 } from './0031-as-seen.js';
import { Vendors1700000000032 } from './0032-vendors.js';
import { WebhookSenders1700000000033 } from './0033-webhook-senders.js';
import { Seen1700000000034 } from './0034-seen.js';
import { People1700000000035 } from './0035-people.js';
import { NeutralNames1700000000036 } from './0036-neutral-names.js';

/** Every migration, oldest first. Listed by class, never by glob. */
export const MIGRATIONS = [
  Journal1700000000001,
  Tenancy1700000000002,
  Catalog1700000000003,
  Checkout1700000000004,
  Outbound1700000000005,
  Admin1700000000006,
  Ingest1700000000007,
  Conversation1700000000008,
  ConversationMerges1700000000009,
  TenancyDepth1700000000009,
  Operations1700000000010,
  OverdueStreams1700000000011,
  MetaApps1700000000012,
  FailedChannelIds1700000000013,
  Isolation1700000000014,
  People1700000000015,
  JournalRetention1700000000016,
  PaymentAccounts1700000000017,
  AdminReplicas1700000000018,
  JournalHotPath1700000000019,
  JournalPlans1700000000020,
  JournalEndings1700000000021,
  JournalOwnBacklog1700000000022,
  ClosedRights1700000000023,
  AdminSessions1700000000024,
  SyncTurns1700000000025,
  BoundedPayloads1700000000026,
  OwnSources1700000000027,
  Turns1700000000028,
  RecipientMerges1700000000029,
  DueSyncs1700000000030,
  AsSeen1700000000031,
  Vendors1700000000032,
  WebhookSenders1700000000033,
  Seen1700000000034,
  People1700000000035,
  NeutralNames1700000000036,
];

export { migrate, type Migrated, type MigrateOptions } from './migrate.js';
export { closeDatabase, QUEUE_ROLE } from './secure.js';
export { SERVICE_ROLES, type ServiceRole } from './support.js';
