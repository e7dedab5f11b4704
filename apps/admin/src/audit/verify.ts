import { ChainWalk, type ChainBreak, type ChainHead, type StoredAuditEntry } from '#core/tenancy';

/** Rows that are in memory at the same time: some hold a merchant's settings, before and after. */
const PAGE = 200;
/** Hashed without a pause, in characters: nobody waits for a whole page. */
const AT_ONCE = 1_000_000;

/** Runs a query on a connection that sees the whole audit log. */
export type Ask = <Row>(sql: string, values?: unknown[]) => Promise<Row[]>;

export interface AuditReport {
  rows: number;
  heads: ChainHead[];
  /** The first broken row of each chain that is broken. */
  breaks: ChainBreak[];
}

/**
 * Recomputes every chain of the audit log. `known`: heads that an earlier run has seen, which must still be there;
 * without them, rows that were cut off at the end of a chain cannot be missed.
 */
export async function verifyAudit(ask: Ask, known: readonly ChainHead[] = []): Promise<AuditReport> {
  const found = await ask<{ chain: string }>(`SELECT DISTINCT chain FROM tenancy.audit_log ORDER BY chain`);
  const chains = new Set([...found.map((r) => r.chain), ...known.map((h) => h.chain)]);
  const report: AuditReport = { rows: 0, heads: [], breaks: [] };
  for (const chain of chains) {
    const walk = new ChainWalk(
      chain,
      known.find((h) => h.chain === chain),
    );
    const broken = (await follow(ask, chain, walk)) ?? walk.end();
    if (broken) report.breaks.push(broken);
    const head = walk.head();
    report.heads.push(head);
    report.rows += head.seq;
  }
  return report;
}

async function follow(ask: Ask, chain: string, walk: ChainWalk): Promise<ChainBreak | undefined> {
  let hashed = 0;
  for (let after = 0; ;) {
    const rows = await ask<StoredAuditEntry>(
      `SELECT chain, seq, at, actor, actor_kind AS "actorKind", action, target, before, after,
         request_id AS "requestId", previous_hash AS "previousHash", hash
       FROM tenancy.audit_log WHERE chain = $1 AND seq > $2 ORDER BY seq LIMIT ${PAGE}`,
      [chain, after],
    );
    for (const row of rows) {
      const broken = walk.next(row);
      if (broken) return broken;
      hashed += (row.before?.length ?? 0) + (row.after?.length ?? 0);
      if (hashed < AT_ONCE) continue;
      hashed = 0;
      await new Promise(setImmediate);
    }
    if (rows.length < PAGE) return undefined;
    after = rows.at(-1)!.seq;
  }
}
