import type { RefusedWebhook, WebhookRefusal, WebhookSender } from '#core/tenancy';
import { bigint, jsonb, moment, orNull, seenView, text, type RowOf } from './view.js';

/** What became of the webhooks of one connection: refusals with less than a day between them. */
export const webhookSendersSeen = seenView('ingest.webhook_senders_seen', {
  merchant_id: text(),
  port: text<WebhookSender['port']>(),
  kind: text(),
  id: text(),
  accepted_at: orNull(moment()),
  refused: bigint(),
  refused_since: orNull(moment()),
  refused_at: orNull(moment()),
  reasons: jsonb<Partial<Record<WebhookRefusal, number>>>(),
  /** Newest first; `at` in ISO 8601. */
  latest: jsonb<(Omit<RefusedWebhook, 'at'> & { at: string })[]>(),
});
export type WebhookSenderSeen = RowOf<typeof webhookSendersSeen>;
