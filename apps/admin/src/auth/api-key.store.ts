import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, In, type EntityManager } from 'typeorm';
import {
  BOOTSTRAP_KEY_ID,
  candidateKeyIds,
  formatApiKey,
  hashApiKey,
  judgeKey,
  verifyApiKey,
  type KeyVerdict,
} from '#core/tenancy';
import { ApiKeyEntity } from '#persistence';
import { CLOCK, newId, type Clock } from '#platform';

/** API keys as hashes. A key itself is seen when it is made and when it is presented, and kept nowhere. */
@Injectable()
export class ApiKeyStore {
  constructor(
    private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Judges a presented key. */
  async verify(presented: string): Promise<KeyVerdict> {
    const rows = await this.database.manager.findBy(ApiKeyEntity, { id: In(candidateKeyIds(presented)) });
    return verifyApiKey(presented, rows, this.clock.now());
  }

  /** Judges the key that a session was opened with at `openedAt`: a key replaced since then is not that key. */
  async judge(keyId: string, openedAt: Date): Promise<KeyVerdict> {
    const row = await this.database.manager.findOneBy(ApiKeyEntity, { id: keyId });
    if (!row || row.createdAt > openedAt) return { outcome: 'refused', reason: 'unknown' };
    return judgeKey(row, this.clock.now());
  }

  /** Makes a merchant's key. The key in the answer can never be shown again. */
  async create(
    tx: EntityManager,
    merchantId: string,
    given: { name: string; expiresAt: Date | null },
  ): Promise<{ row: ApiKeyEntity; key: string }> {
    const id = newId('key');
    const key = formatApiKey(id, randomBytes(32).toString('hex'));
    const row = tx.create(ApiKeyEntity, {
      id,
      merchantId,
      name: given.name,
      hash: hashApiKey(key),
      scopes: ['merchant'],
      createdAt: this.clock.now(),
      expiresAt: given.expiresAt,
      revokedAt: null,
    });
    await tx.insert(ApiKeyEntity, row);
    return { row, key };
  }

  /**
   * Registers the platform's own key. A changed key replaces the one before; the same key stays as it is, so that
   * a revoked one does not come back with a restart.
   */
  async registerBootstrapKey(key: string): Promise<void> {
    await this.database.query(
      `INSERT INTO tenancy.api_keys (id, merchant_id, name, hash, scopes, created_at)
       VALUES ($1, NULL, 'bootstrap operator key', $2, '{operator}', $3)
       ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, created_at = excluded.created_at, revoked_at = NULL
         WHERE api_keys.hash <> excluded.hash`,
      [BOOTSTRAP_KEY_ID, hashApiKey(key), this.clock.now()],
    );
  }
}
