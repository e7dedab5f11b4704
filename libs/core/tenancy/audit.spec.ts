import fc from 'fast-check';
import { auditHash, CHAIN_START, ChainWalk, type AuditEntry, type StoredAuditEntry } from './audit.js';

function chainOf(length: number): StoredAuditEntry[] {
  const rows: StoredAuditEntry[] = [];
  for (let seq = 1; seq <= length; seq++) {
    const entry: AuditEntry = {
      chain: 'mer_1',
      seq,
      at: new Date(Date.UTC(2026, 10, 21, 10, 0, seq)),
      actor: 'key_1',
      actorKind: 'operator',
      action: 'merchant.update',
      target: 'mer_1',
      before: `{"name":"${seq}"}`,
      after: null,
      requestId: `req-${seq}`,
    };
    const previousHash = rows.at(-1)?.hash ?? CHAIN_START;
    rows.push({ ...entry, previousHash, hash: auditHash(previousHash, entry) });
  }
  return rows;
}

function walk(rows: readonly StoredAuditEntry[], known?: { seq: number; hash: string }) {
  const chain = new ChainWalk('mer_1', known);
  for (const row of rows) {
    const broken = chain.next(row);
    if (broken) return broken;
  }
  return chain.end();
}

describe('the chain of the audit log', () => {
  it('is sound as it was written', () => {
    expect(walk([])).toBeUndefined();
    expect(walk(chainOf(20))).toBeUndefined();
  });

  it('breaks at the row of which any field was changed', () => {
    const field = fc.constantFrom<keyof StoredAuditEntry>(
      ...(['at', 'actor', 'actorKind', 'action', 'target', 'before', 'after', 'requestId', 'hash'] as const),
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9 }), field, fc.string(), (index, name, text) => {
        const rows = chainOf(10);
        const changed = name === 'at' ? new Date(0) : `changed ${text}`;
        rows[index] = { ...rows[index]!, [name]: changed };
        expect(walk(rows)).toEqual({ chain: 'mer_1', seq: index + 1, why: 'altered' });
      }),
    );
  });

  it('breaks where a row was taken out, put in or moved, even when its own hash is right', () => {
    const rows = chainOf(5);
    expect(walk(rows.toSpliced(1, 1))).toMatchObject({ seq: 2, why: 'missing' });
    expect(walk(rows.toSpliced(0, 1))).toMatchObject({ seq: 1, why: 'missing' });
    const forged = { ...rows[2]!, actor: 'key_2' };
    const rehashed = { ...forged, hash: auditHash(forged.previousHash, forged) };
    expect(walk(rows.toSpliced(2, 1, rehashed))).toMatchObject({ seq: 4, why: 'out_of_place' });
  });

  it('misses rows at the end, and a chain written anew, only with a head that was known', () => {
    const rows = chainOf(5);
    const { seq, hash } = rows.at(-1)!;
    expect(walk(rows.slice(0, 3))).toBeUndefined();
    expect(walk(rows.slice(0, 3), { seq, hash })).toMatchObject({ seq: 4, why: 'missing' });
    expect(walk(chainOf(6), { seq, hash })).toBeUndefined();
    expect(walk(rows, { seq, hash: 'f'.repeat(64) })).toMatchObject({ seq: 5, why: 'replaced' });
  });
});
