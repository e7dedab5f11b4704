import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, In, type EntityManager } from 'typeorm';
import {
  BOOTSTRAP_KEY_ID,
  candidateKeyIds,
  formatApiKey,
  hashApiKey,
  verifyApiKey,
  type Caller,
  type KeyVerdict,
} from '#core/tenancy';
import { ApiKeyEntity, Tenants } from '#persistence';
import { CLOCK, newId, type Clock } from '#platform';

/** A key's last use is stored to the minute, in milliseconds. */
const USE_STORED_EVERY_MS = 60_000;

export interface NewKey {
  /** Null: an operator's. */
  merchantId: string | null;
  name: string;
  scopes: readonly string[];
  expiresAt: Date | null;
  createdBy: string;
}

/** API keys as hashes. A key itself is seen when it is made and when it is presented, and kept nowhere. */
@Injectable()
export class ApiKeyStore {
  constructor(
    private readonly database: DataSource,
    private readonly tenants: Tenants,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Judges a presented key, and notes the use of a good one. */
  async verify(presented: string): Promise<KeyVerdict> {
    const rows = await this.database.manager.findBy(ApiKeyEntity, { id: In(candidateKeyIds(presented)) });
    const now = this.clock.now();
    const verdict = verifyApiKey(presented, rows, now);
    if (verdict.outcome === 'accepted') {
      const { keyId } = verdict.caller;
      const lastUse = rows.find((row) => row.id === keyId)?.lastUsedAt;
      if (!lastUse || now.getTime() - lastUse.getTime() >= USE_STORED_EVERY_MS) {
        await this.within(verdict.caller, (tx) =>
          tx.update(ApiKeyEntity, { id: keyId }, { lastUsedAt: now }),
        );
      }
    }
    return verdict;
  }

  /** A transaction for whom the key belongs to: only there it may be changed. */
  private async within(caller: Caller, work: (tx: EntityManager) => Promise<unknown>): Promise<void> {
    if (caller.kind === 'merchant') await this.tenants.transaction(caller.merchantId, work);
    else await this.database.transaction(work);
  }

  /** Makes a key. The key in the answer can never be shown again. */
  async create(tx: EntityManager, given: NewKey): Promise<{ row: ApiKeyEntity; key: string }> {
    const id = newId('key');
    const key = formatApiKey(id, randomBytes(32).toString('hex'));
    const row = tx.create(ApiKeyEntity, {
      ...given,
      scopes: [...given.scopes],
      id,
      hash: hashApiKey(key),
      createdAt: this.clock.now(),
      revokedAt: null,
      lastUsedAt: null,
      replacedBy: null,
    });
    await tx.insert(ApiKeyEntity, row);
    return { row, key };
  }

  /**
   * Registers the platform's own key. A changed key replaces the one before, and ends its sessions; the same key stays
   * as it is, so that a revoked one does not come back with a restart.
   */
  async registerBootstrapKey(key: string): Promise<void> {
    await this.database.query(
      `WITH replaced AS (
         INSERT INTO tenancy.api_keys (id, merchant_id, name, hash, scopes, created_at)
         VALUES ($1, NULL, 'bootstrap operator key', $2, '{operator}', $3)
         ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, created_at = excluded.created_at, revoked_at = NULL
           WHERE api_keys.hash <> excluded.hash
         RETURNING id)
       DELETE FROM tenancy.sessions s USING replaced WHERE s.key_id = replaced.id`,
      [BOOTSTRAP_KEY_ID, hashApiKey(key), this.clock.now()],
    );
  }
}
