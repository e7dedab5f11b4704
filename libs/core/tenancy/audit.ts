import { createHash } from 'node:crypto';

/** What one row of the audit log says, in the form in which it is hashed. */
export interface AuditEntry {
  /** A merchant's id, or `platform`. Each chain counts its own rows. */
  chain: string;
  /** From 1, without a gap. */
  seq: number;
  at: Date;
  /** Id of the key, or the name of what acted by itself. */
  actor: string;
  actorKind: 'operator' | 'merchant' | 'system';
  action: string;
  target: string;
  /** JSON as it is stored, byte for byte; secrets are not in it. */
  before: string | null;
  after: string | null;
  requestId: string | null;
}

export interface StoredAuditEntry extends AuditEntry {
  previousHash: string;
  hash: string;
}

/** The hash that the first row of a chain follows. */
export const CHAIN_START = '0'.repeat(64);

/** SHA-256, hex, of a row and the hash of the one before it. */
export function auditHash(previousHash: string, entry: AuditEntry): string {
  const { chain, seq, at, actor, actorKind, action, target, before, after, requestId } = entry;
  const said = [
    previousHash,
    chain,
    seq,
    at.toISOString(),
    actor,
    actorKind,
    action,
    target,
    before,
    after,
    requestId,
  ];
  return createHash('sha256').update(JSON.stringify(said)).digest('hex');
}

/** Where a chain stands: what must still be there when it is looked at later. */
export interface ChainHead {
  chain: string;
  seq: number;
  hash: string;
}

/** The first row that is not as it was written. */
export interface ChainBreak {
  chain: string;
  seq: number;
  why: 'missing' | 'out_of_place' | 'altered' | 'replaced';
}

/**
 * Follows one chain, row by row in order of `seq`. Rows that were taken from its end cannot be missed by the chain
 * itself: `known` is a head that was seen before, and must still be there.
 */
export class ChainWalk {
  private seq = 0;
  private hash = CHAIN_START;
  private seen: boolean;

  constructor(
    private readonly chain: string,
    private readonly known?: Pick<ChainHead, 'seq' | 'hash'>,
  ) {
    this.seen = known === undefined;
  }

  /** Undefined: the row is as it was written. */
  next(row: StoredAuditEntry): ChainBreak | undefined {
    const expected = this.seq + 1;
    if (row.seq !== expected) return this.broken(expected, 'missing');
    if (row.previousHash !== this.hash || row.chain !== this.chain) {
      return this.broken(expected, 'out_of_place');
    }
    if (auditHash(this.hash, row) !== row.hash) return this.broken(expected, 'altered');
    this.seq = row.seq;
    this.hash = row.hash;
    if (this.known?.seq === row.seq) {
      // A whole chain that was written anew is sound in itself.
      if (this.known.hash !== row.hash) return this.broken(row.seq, 'replaced');
      this.seen = true;
    }
    return undefined;
  }

  /** To be called after the last row. */
  end(): ChainBreak | undefined {
    return this.seen ? undefined : this.broken(this.seq + 1, 'missing');
  }

  head(): ChainHead {
    return { chain: this.chain, seq: this.seq, hash: this.hash };
  }

  private broken(seq: number, why: ChainBreak['why']): ChainBreak {
    return { chain: this.chain, seq, why };
  }
}
