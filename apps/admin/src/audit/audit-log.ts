import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { auditHash, CHAIN_START, type AuditEntry } from '#core/tenancy';
import { lockNames, Tenants } from '#persistence';
import { CLOCK, type Clock } from '#platform';
import { requestContext } from '../request-context.js';

const PLATFORM_CHAIN = 'platform';

/** What was done. Give views, never rows: secrets do not belong here. */
export interface Deed {
  /** Null: it concerns the platform, not one merchant. */
  merchantId: string | null;
  /** `<thing>.<verb>`, e.g. `merchant.suspend`. */
  action: string;
  /** Id of what was changed. */
  target: string;
  before?: object;
  after?: object;
}

/** The append-only log of what operators and merchants changed. */
@Injectable()
export class AuditLog {
  constructor(
    private readonly database: DataSource,
    private readonly tenants: Tenants,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Adds a row in the transaction of the change, so that both are there or neither; who acts comes from the request.
   * The chain stays locked until the transaction ends: call it last.
   */
  async record(tx: EntityManager, deed: Deed): Promise<void> {
    const context = requestContext();
    const chain = deed.merchantId ?? PLATFORM_CHAIN;
    await tx.query(...lockNames('audit-chain', [chain]));
    const [last] = (await tx.query(
      `SELECT seq, hash FROM tenancy.audit_log WHERE chain = $1 ORDER BY seq DESC LIMIT 1`,
      [chain],
    )) as { seq: number; hash: string }[];
    const entry: AuditEntry = {
      chain,
      seq: (last?.seq ?? 0) + 1,
      at: this.clock.now(),
      actor: context?.caller?.keyId ?? 'admin',
      actorKind: context?.caller?.kind ?? 'system',
      action: deed.action,
      target: deed.target,
      before: deed.before ? JSON.stringify(deed.before) : null,
      after: deed.after ? JSON.stringify(deed.after) : null,
      requestId: context?.requestId ?? null,
    };
    const previousHash = last?.hash ?? CHAIN_START;
    await tx.query(
      `INSERT INTO tenancy.audit_log (chain, seq, merchant_id, at, actor, actor_kind, action, target, before, after,
         request_id, previous_hash, hash)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
      [
        chain,
        entry.seq,
        deed.merchantId,
        entry.at,
        entry.actor,
        entry.actorKind,
        entry.action,
        entry.target,
        entry.before,
        entry.after,
        entry.requestId,
        previousHash,
        auditHash(previousHash, entry),
      ],
    );
    if (context) context.audited++;
  }

  /** Adds a row by itself, for what has no transaction of its own. */
  async note(deed: Deed): Promise<void> {
    if (deed.merchantId !== null) {
      await this.tenants.transaction(deed.merchantId, (tx) => this.record(tx, deed));
    } else {
      await this.database.transaction((tx) => this.record(tx, deed));
    }
  }
}
