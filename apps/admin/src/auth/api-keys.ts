import { Inject, Injectable } from '@nestjs/common';
import { IsNull, MoreThan, Not, type EntityManager, type FindOptionsWhere } from 'typeorm';
import {
  BOOTSTRAP_KEY_ID,
  scopesBeyond,
  scopesByDefault,
  scopesOf,
  type ApiScope,
  type Caller,
} from '#core/tenancy';
import { ApiKeyEntity } from '#persistence';
import { CLOCK, type Clock } from '#platform';
import { AuditLog } from '../audit/audit-log.js';
import { InvalidFields, Refusal } from '../refusal.js';
import { ApiKeyStore } from './api-key.store.js';
import { endSessionsOf } from './session.store.js';

/** A merchant has no more keys than this that are good at the same time. */
const MOST_LIVE_KEYS = 100;

/** A key and, this once, what it is. */
export interface MadeKey {
  row: ApiKeyEntity;
  key: string;
}

/** The life of keys, of one merchant or, where `merchantId` is null, of the platform's operators. */
@Injectable()
export class ApiKeys {
  constructor(
    private readonly store: ApiKeyStore,
    private readonly audit: AuditLog,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * @throws Refusal `invalid` for a time that is over, `forbidden` for a scope that the caller does not have,
   * `conflict` for one more than a merchant may have.
   */
  async create(
    tx: EntityManager,
    merchantId: string | null,
    caller: Caller,
    given: { name: string; scopes?: ApiScope[]; expiresAt?: string },
  ): Promise<MadeKey> {
    const expiresAt = given.expiresAt === undefined ? null : new Date(given.expiresAt);
    if (expiresAt && expiresAt <= this.clock.now()) {
      throw new InvalidFields([
        { field: 'expiresAt', rule: 'future', detail: 'expiresAt must be in the future' },
      ]);
    }
    refuseBeyond(caller, given.scopes ?? []);
    await this.refuseTooMany(tx, merchantId);
    const made = await this.store.create(tx, {
      merchantId,
      name: given.name,
      scopes: given.scopes ?? scopesByDefault(caller, merchantId),
      expiresAt,
      createdBy: caller.keyId,
    });
    await this.audit.record(tx, {
      merchantId,
      action: 'api_key.create',
      target: made.row.id,
      after: showApiKey(made.row),
    });
    return made;
  }

  /** Oldest first, one more than `limit`. */
  list(
    tx: EntityManager,
    merchantId: string | null,
    limit: number,
    after: string | undefined,
  ): Promise<ApiKeyEntity[]> {
    return tx.find(ApiKeyEntity, {
      where: { merchantId: merchantId ?? IsNull(), ...(after ? { id: MoreThan(after) } : {}) },
      order: { id: 'ASC' },
      take: limit + 1,
    });
  }

  /**
   * Makes a key in the place of another one, which stays good for `overlapSeconds`; its sessions end at once.
   * @throws Refusal `forbidden` for a key that may do more than the caller, `not_found`, `conflict` for one that is over
   * already, or one more than a merchant may have.
   */
  async rotate(
    tx: EntityManager,
    merchantId: string | null,
    caller: Caller,
    keyId: string,
    overlapSeconds: number,
  ): Promise<MadeKey> {
    const old = await this.find(tx, merchantId, keyId);
    const now = this.clock.now();
    if (old.id === BOOTSTRAP_KEY_ID) {
      throw new Refusal(
        'conflict',
        'key_from_environment',
        'this key is set by WACO_OPERATOR_KEY: change it there',
      );
    }
    if (old.revokedAt || (old.expiresAt && old.expiresAt <= now)) {
      throw new Refusal('conflict', 'key_over', 'this key is not good any more: make a new one');
    }
    refuseBeyond(caller, scopesOf(old));
    await this.refuseTooMany(tx, merchantId, overlapSeconds === 0 ? keyId : undefined);
    const lifetime = old.expiresAt && old.expiresAt.getTime() - old.createdAt.getTime();
    const made = await this.store.create(tx, {
      merchantId,
      name: old.name,
      scopes: old.scopes,
      expiresAt: lifetime === null ? null : new Date(now.getTime() + lifetime),
      createdBy: caller.keyId,
    });
    const end = new Date(now.getTime() + overlapSeconds * 1_000);
    const expiresAt = old.expiresAt && old.expiresAt < end ? old.expiresAt : end;
    await tx.update(ApiKeyEntity, { id: keyId }, { expiresAt, replacedBy: made.row.id });
    await endSessionsOf(tx, keyId);
    await this.audit.record(tx, {
      merchantId,
      action: 'api_key.rotate',
      target: keyId,
      before: showApiKey(old),
      after: showApiKey({ ...old, expiresAt, replacedBy: made.row.id }),
    });
    return made;
  }

  /**
   * Revoking a revoked key changes nothing.
   * @throws Refusal `forbidden` for a key that may do more than the caller, `not_found`.
   */
  async revoke(tx: EntityManager, merchantId: string | null, caller: Caller, keyId: string): Promise<void> {
    const row = await this.find(tx, merchantId, keyId);
    refuseBeyond(caller, scopesOf(row));
    const revokedAt = row.revokedAt ?? this.clock.now();
    if (!row.revokedAt) await tx.update(ApiKeyEntity, { id: keyId }, { revokedAt });
    await endSessionsOf(tx, keyId);
    await this.audit.record(tx, {
      merchantId,
      action: 'api_key.revoke',
      target: keyId,
      before: showApiKey(row),
      after: showApiKey({ ...row, revokedAt }),
    });
  }

  /** The merchant's row is locked: no two requests count the same keys. `ending` is over with this transaction. */
  private async refuseTooMany(tx: EntityManager, merchantId: string | null, ending?: string): Promise<void> {
    if (merchantId === null) return;
    const good: FindOptionsWhere<ApiKeyEntity> = {
      merchantId,
      revokedAt: IsNull(),
      ...(ending ? { id: Not(ending) } : {}),
    };
    const live = await tx.count(ApiKeyEntity, {
      where: [
        { ...good, expiresAt: IsNull() },
        { ...good, expiresAt: MoreThan(this.clock.now()) },
      ],
    });
    if (live >= MOST_LIVE_KEYS) {
      throw new Refusal(
        'conflict',
        'too_many_keys',
        `a merchant has at most ${MOST_LIVE_KEYS} good keys: revoke some first`,
      );
    }
  }

  private async find(tx: EntityManager, merchantId: string | null, keyId: string): Promise<ApiKeyEntity> {
    const row = await tx.findOne(ApiKeyEntity, {
      where: { id: keyId, merchantId: merchantId ?? IsNull() },
      lock: { mode: 'pessimistic_write' },
    });
    if (!row) throw new Refusal('not_found', 'key_not_found', 'there is no such key here');
    return row;
  }
}

/** What of it answers and the audit log show. */
export function showApiKey(row: ApiKeyEntity) {
  return {
    id: row.id,
    name: row.name,
    scopes: [...scopesOf(row)],
    createdAt: row.createdAt.toISOString(),
    createdBy: row.createdBy,
    expiresAt: row.expiresAt?.toISOString() ?? null,
    revokedAt: row.revokedAt?.toISOString() ?? null,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    replacedBy: row.replacedBy,
  };
}

function refuseBeyond(caller: Caller, wanted: readonly ApiScope[]): void {
  const beyond = scopesBeyond(caller, wanted);
  if (beyond.length > 0) {
    throw new Refusal('forbidden', 'scope_missing', `your key does not have ${beyond.join(', ')} itself`);
  }
}
