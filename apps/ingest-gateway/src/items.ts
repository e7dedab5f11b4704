import type { JobContract } from '#contracts';
import { cleared, excerpt } from '#core/messaging';
import type { NewItem } from '#persistence';
import { toItem } from '#queue';

/** An item on its way into the journal, with the kind it is counted under. */
export interface Arrival {
  kind: string;
  item: NewItem;
}

interface Said {
  source: string;
  externalId: string;
  occurredAt: Date;
}

const DAY_MS = 24 * 3_600_000;
/**
 * What happened longer ago than this is not acted on, in milliseconds. The most patient sender repeats a webhook for seven
 * days. Not every signature says when it was made, and after eight days the journal may have forgotten
 * that it had the item: without this, an old body would be news again, and bring somebody back who was erased.
 */
const OLDEST_MS = 8 * DAY_MS;
/** What is dated further ahead than clocks differ would stay news for ever. */
const NEWEST_MS = DAY_MS;

/**
 * Work for the service that owns `contract`. A payload that breaks its contract is kept as ignored, with the reason; of
 * what is too old to be acted on, or not to be yet, only that it came.
 */
export function work<P extends object>(
  contract: JobContract<P>,
  payload: P,
  merchantId: string,
  now: Date,
  said: Said,
): Arrival {
  const wrong = wrongTime(said, now);
  if (wrong) return kept('ignored', wrong, { ...said, merchantId, payload: { name: contract.name } });
  try {
    return { kind: contract.name, item: toItem(contract, payload, merchantId, now, said) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return kept('ignored', reason, { ...said, merchantId, payload });
  }
}

/** Why it is not acted on for its time, if so. */
export function wrongTime({ occurredAt }: Pick<Said, 'occurredAt'>, now: Date): string | undefined {
  const ageMs = now.getTime() - occurredAt.getTime();
  if (ageMs > OLDEST_MS) return 'older than eight days';
  return ageMs < -NEWEST_MS ? 'dated more than a day ahead' : undefined;
}

/** What nobody works on: `ignored` belongs to a merchant, `quarantined` could not be led to one. */
export function kept(
  outcome: 'ignored' | 'quarantined',
  reason: string,
  what: Said & { merchantId: string | null; payload: object },
): Arrival {
  const place = outcome === 'ignored' ? 'ingest' : 'quarantine';
  return {
    kind: outcome,
    item: {
      merchantId: outcome === 'ignored' ? what.merchantId : null,
      service: place,
      queue: place,
      stream: `${place}/${what.source}`,
      name: `ingest.${outcome}`,
      source: what.source,
      externalId: what.externalId,
      // Quarantined items may be given to their merchant later: whole.
      payload: cleared(outcome === 'ignored' ? (excerpt(what.payload) as object) : what.payload),
      occurredAt: what.occurredAt,
      settled: { outcome, reason: reason.slice(0, 1_000) },
    },
  };
}
