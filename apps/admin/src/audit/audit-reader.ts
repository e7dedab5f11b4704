import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { ChainHead } from '#core/tenancy';
import { Tenants } from '#persistence';
import { bytesEach } from '../operations/payloads.js';
import { verifyAudit, type AuditReport } from './verify.js';

export interface AuditRow {
  id: string;
  merchantId: string | null;
  seq: number;
  at: Date;
  actor: string;
  actorKind: string;
  action: string;
  target: string;
  before: string | null;
  after: string | null;
  requestId: string | null;
  hash: string;
}

export interface AuditFilter {
  merchantId?: string;
  actor?: string;
  action?: string;
  target?: string;
  from?: string;
  to?: string;
}

/** An entry that is longer than its share of the page shows its size in bytes instead. */
const upTo = (column: string): string =>
  `CASE WHEN octet_length(${column}) <= $9 THEN ${column} ELSE '{"tooLarge":' || octet_length(${column}) || '}' END AS ${column}`;

const QUERY = `
  SELECT id::text, merchant_id AS "merchantId", seq, at, actor, actor_kind AS "actorKind", action, target,
    ${upTo('before')}, ${upTo('after')}, request_id AS "requestId", hash
  FROM tenancy.audit_log a
  WHERE ($1::text IS NULL OR merchant_id = $1) AND ($2::text IS NULL OR actor = $2)
    AND ($3::text IS NULL OR action = $3) AND ($4::text IS NULL OR target = $4)
    AND ($5::timestamptz IS NULL OR at >= $5) AND ($6::timestamptz IS NULL OR at < $6)
    AND ($7::bigint IS NULL OR a.id < $7)
  ORDER BY a.id DESC LIMIT $8`;

@Injectable()
export class AuditReader {
  private verifying = false;

  constructor(
    private readonly database: DataSource,
    private readonly tenants: Tenants,
  ) {}

  /** Recomputes every chain; `known`: heads that must still be there. Undefined: one is being recomputed already. */
  async verify(known: readonly ChainHead[]): Promise<AuditReport | undefined> {
    if (this.verifying) return undefined;
    this.verifying = true;
    try {
      return await verifyAudit((sql, values) => this.database.query(sql, values), known);
    } finally {
      this.verifying = false;
    }
  }

  /** Newest first, one more than `limit`; of one merchant, or of all and the platform. */
  async list(filter: AuditFilter, limit: number, before: string | undefined): Promise<AuditRow[]> {
    const { merchantId, actor, action, target, from, to } = filter;
    const values = [merchantId, actor, action, target, from, to, before, limit + 1, bytesEach(2 * limit)].map(
      (value) => value ?? null,
    );
    return merchantId === undefined
      ? ((await this.database.query(QUERY, values)) as AuditRow[])
      : this.tenants.transaction(merchantId, (tx) => tx.query(QUERY, values) as Promise<AuditRow[]>);
  }
}
