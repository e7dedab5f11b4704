import type { EntityManager } from 'typeorm';
import type { TemplateCandidate } from '#core/outbound';
import { later, query } from '#persistence';
import type { RecipientKey } from './recipients.js';

export interface TemplateText {
  name: string;
  language: string;
  body: string;
  parameters: string[];
}

/** The merchant's templates for a purpose, with what is known of them. */
export async function findTemplates(
  tx: EntityManager,
  channelAccountId: string,
  accountId: string,
  purpose: string,
): Promise<TemplateCandidate[]> {
  return query<TemplateCandidate>(
    tx,
    `SELECT t.id, t.name, t.language, s.state, s.recheck_at AS "recheckAt"
     FROM tenancy.templates t LEFT JOIN outbound.template_states s
       ON s.account_id = $2 AND s.name = t.name AND s.language = t.language
     WHERE t.channel_account_id = $1 AND t.purpose = $3`,
    [channelAccountId, accountId, purpose],
  );
}

export async function findTemplateText(tx: EntityManager, id: string): Promise<TemplateText | undefined> {
  const [template] = await query<TemplateText>(
    tx,
    `SELECT name, language, body, parameters FROM tenancy.templates WHERE id = $1`,
    [id],
  );
  return template;
}

export interface TemplateState {
  accountId: string;
  name: string;
  language: string;
  state: string;
  reason: string | null;
  at: Date;
  recheckAt: Date | null;
}

/** Keeps the newest word on a template; an older one that comes late changes nothing. */
export function storeTemplateState(tx: EntityManager, s: TemplateState): void {
  later(
    tx,
    `INSERT INTO outbound.template_states AS known
       (merchant_id, account_id, name, language, state, reason, at, recheck_at)
     VALUES (current_setting('waco.merchant_id'), $1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (merchant_id, account_id, name, language) DO UPDATE
       SET state = excluded.state, reason = excluded.reason, at = excluded.at, recheck_at = excluded.recheck_at
       WHERE known.at <= excluded.at`,
    [s.accountId, s.name, s.language, s.state, s.reason, s.at, s.recheckAt],
  );
}

/** Recipients with a message that may wait for this very template. */
export async function findWaitingFor(
  tx: EntityManager,
  t: Pick<TemplateState, 'accountId' | 'name' | 'language'>,
): Promise<(RecipientKey & { kind: string })[]> {
  return query<RecipientKey & { kind: string }>(
    tx,
    `SELECT DISTINCT m.channel_account_id AS "channelAccountId", m.contact_id AS "contactId", a.kind
     FROM outbound.messages m
       JOIN tenancy.channel_accounts a ON a.id = m.channel_account_id AND a.account_id = $1
       JOIN tenancy.templates t ON t.channel_account_id = a.id AND t.purpose = m.template->>'purpose'
     WHERE m.open AND m.state = 'waiting' AND t.name = $2 AND t.language = $3`,
    [t.accountId, t.name, t.language],
  );
}
