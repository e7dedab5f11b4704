/** How long a merchant keeps what it knows of people, in days. What is left out takes its default. */
export interface RetentionSettings {
  /** Messages, and contacts with their threads once nobody has written for so long. */
  chats?: number;
  /** Names and numbers of orders since their last change; amounts, ids and dates stay. */
  orders?: number;
  /** Settled items of the journal: what came in and what was made of it, words and all. */
  journal?: number;
}

export type RetentionPart = keyof RetentionSettings;

/**
 * Shorter than a journal of 8 days would let Meta's redeliveries, which go on for 7 days, in a second time: a settled
 * item is what keeps them out. https://developers.facebook.com/docs/graph-api/webhooks/getting-started
 */
export const RETENTION_BOUNDS: Readonly<Record<RetentionPart, { least: number; most: number }>> = {
  chats: { least: 30, most: 3_650 },
  orders: { least: 30, most: 3_650 },
  journal: { least: 8, most: 365 },
};

const DEFAULTS: Readonly<Required<RetentionSettings>> = { chats: 180, orders: 730, journal: 30 };

/** What is quarantined belongs to no merchant, who could choose: it is kept for so many days. */
export const QUARANTINE_DAYS = DEFAULTS.journal;
/** Keys of what was erased stay this many days, to keep a late redelivery out. */
export const ERASED_KEYS_DAYS = RETENTION_BOUNDS.journal.least;

const DAY_MS = 24 * 3_600_000;

/** What counts for a merchant. The journal repeats what stands in chats and orders, so it never outlives them. */
export function retentionOf(chosen: RetentionSettings = {}): Required<RetentionSettings> {
  const { chats, orders, journal } = { ...DEFAULTS, ...chosen };
  return { chats, orders, journal: Math.min(journal, chats, orders) };
}

/** What happened before this time has been kept for so many days. */
export function keptSince(now: Date, days: number): Date {
  return new Date(now.getTime() - days * DAY_MS);
}

/** The rule that no single field can keep. */
export function checkRetention(chosen: RetentionSettings): { field: string; rule: string; detail: string }[] {
  if (chosen.journal === undefined) return [];
  const { chats, orders } = retentionOf(chosen);
  const most = Math.min(chats, orders);
  if (chosen.journal <= most) return [];
  const detail = `journal repeats what stands in chats and orders: it must not be kept longer than they are (${most} days)`;
  return [{ field: 'retention.journal', rule: 'max', detail }];
}
