import type { JobContract } from '#contracts';
import type { NewItem } from '#persistence';
import { toItem } from '#queue';

export type Source = 'whatsapp' | 'stripe' | 'store';

/** An item on its way into the journal, with the kind it is counted under. */
export interface Arrival {
  kind: string;
  item: NewItem;
}

interface Said {
  source: Source;
  externalId: string;
  occurredAt: Date;
}

/** Work for the service that owns `contract`. A payload that breaks its contract is kept as ignored, with the reason. */
export function work<P extends object>(
  contract: JobContract<P>,
  payload: P,
  merchantId: string,
  now: Date,
  said: Said,
): Arrival {
  try {
    return { kind: contract.name, item: toItem(contract, payload, merchantId, now, said) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return kept('ignored', reason, { ...said, merchantId, payload });
  }
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
      payload: what.payload,
      occurredAt: what.occurredAt,
      settled: { outcome, reason: reason.slice(0, 1_000) },
    },
  };
}
