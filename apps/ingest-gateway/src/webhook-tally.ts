import type { RefusedWebhook, WebhookRefusal, WebhookSender } from '#core/tenancy';

/** Senders that are remembered; each is an account that exists. */
const MOST_SENDERS = 10_000;
/** Refusals of a sender of which more than a count is kept. */
const MOST_LATEST = 5;
/** What went well is written down this often at most, in milliseconds. */
const ACCEPTED_EVERY_MS = 60_000;

/** What became of one sender's webhooks since it was last written down. */
export interface Change {
  sender: WebhookSender;
  acceptedAt: Date | null;
  refused: number;
  refusedSince: Date | null;
  refusedAt: Date | null;
  reasons: Partial<Record<WebhookRefusal, number>>;
  /** Newest first. */
  latest: RefusedWebhook[];
}

interface Entry extends Change {
  writtenAt: number;
  /** It was refused since it was last written down as accepted: an acceptance is news. */
  wasRefused: boolean;
}

/** Counts webhooks in memory. The memory is bounded: by the number of senders that exist, and for each sender. */
export class WebhookTally {
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly most = MOST_SENDERS) {}

  accept(sender: WebhookSender, at: Date): void {
    const entry = this.entryOf(sender);
    if (entry) entry.acceptedAt = at;
  }

  refuse(sender: WebhookSender, refusal: RefusedWebhook): void {
    const entry = this.entryOf(sender);
    if (!entry) return;
    const { at, reason } = refusal;
    entry.refused += 1;
    entry.refusedSince ??= at;
    entry.refusedAt = at;
    entry.reasons[reason] = (entry.reasons[reason] ?? 0) + 1;
    entry.latest = [refusal, ...entry.latest].slice(0, MOST_LATEST);
    entry.wasRefused = true;
  }

  /** What is to be written down now, which counts as written from here on. `all`: also what could wait. */
  take(now: Date, all = false): Change[] {
    const changes: Change[] = [];
    for (const entry of this.entries.values()) {
      if (!isDue(entry, now, all)) continue;
      const { sender, acceptedAt, refused, refusedSince, refusedAt, reasons, latest } = entry;
      changes.push({ sender, acceptedAt, refused, refusedSince, refusedAt, reasons, latest });
      if (acceptedAt !== null && (refusedAt === null || acceptedAt >= refusedAt)) entry.wasRefused = false;
      Object.assign(entry, nothing(), { writtenAt: now.getTime() });
    }
    return changes;
  }

  /** They could not be written: they count again, beside what has come since. */
  giveBack(changes: readonly Change[]): void {
    for (const change of changes) {
      const entry = this.entryOf(change.sender);
      if (!entry) continue;
      entry.acceptedAt ??= change.acceptedAt;
      entry.refused += change.refused;
      entry.refusedSince = change.refusedSince ?? entry.refusedSince;
      entry.refusedAt ??= change.refusedAt;
      entry.latest = [...entry.latest, ...change.latest].slice(0, MOST_LATEST);
      for (const [reason, count] of Object.entries(change.reasons) as [WebhookRefusal, number][]) {
        entry.reasons[reason] = (entry.reasons[reason] ?? 0) + count;
      }
      entry.wasRefused ||= change.refused > 0;
      entry.writtenAt = 0;
    }
  }

  /** Undefined when there is no room. */
  private entryOf(sender: WebhookSender): Entry | undefined {
    const key = `${sender.merchantId}/${sender.port}/${sender.kind}/${sender.id}`;
    const known = this.entries.get(key);
    if (known) return known;
    if (this.entries.size >= this.most) this.forget();
    if (this.entries.size >= this.most) return undefined;
    const entry = { sender, ...nothing(), writtenAt: 0, wasRefused: false };
    this.entries.set(key, entry);
    return entry;
  }

  private forget(): void {
    for (const [key, { acceptedAt, refused }] of this.entries) {
      if (acceptedAt === null && refused === 0) this.entries.delete(key);
    }
  }
}

function nothing(): Omit<Change, 'sender'> {
  return { acceptedAt: null, refused: 0, refusedSince: null, refusedAt: null, reasons: {}, latest: [] };
}

function isDue({ acceptedAt, refused, wasRefused, writtenAt }: Entry, now: Date, all: boolean): boolean {
  if (refused > 0) return true;
  if (acceptedAt === null) return false;
  return all || wasRefused || now.getTime() - writtenAt >= ACCEPTED_EVERY_MS;
}
