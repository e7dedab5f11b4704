import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { judgeKey, type KeyVerdict, type StoredApiKey } from '#core/tenancy';
import { CLOCK, safeEqual, type Clock } from '#platform';
import type { AdminEnv } from '../env.js';
import {
  IDLE_MS,
  newSessionId,
  SESSION_MS,
  sessionHash,
  sessionSeal,
  type StoredSession,
} from './session.js';

export const SESSION_SECRET = Symbol('SESSION_SECRET');

/** Without one of its own the service makes one up: sessions then end with the process. */
export const sessionSecret = (env: AdminEnv): string =>
  env.ADMIN_SESSION_SECRET ?? randomBytes(32).toString('hex');

/** A session's last use is stored to the minute, in milliseconds. */
const USE_STORED_EVERY_MS = 60_000;

type SessionRow = StoredSession & { usedAt: Date; key: StoredApiKey };

/** Sessions, in the database, so that ending one ends it for all replicas at once. */
@Injectable()
export class SessionStore {
  constructor(
    private readonly database: DataSource,
    @Inject(SESSION_SECRET) private readonly secret: string,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Opens a session with a key that was good just now, and gives its id. Those that are over are removed. */
  async open(keyId: string): Promise<string> {
    const id = newSessionId();
    const openedAt = this.clock.now();
    const expiresAt = new Date(openedAt.getTime() + SESSION_MS);
    const seal = sessionSeal(id, { keyId, openedAt, expiresAt }, this.secret);
    await this.database.query(`DELETE FROM tenancy.sessions WHERE expires_at <= $1 OR used_at <= $2`, [
      openedAt,
      idleSince(openedAt),
    ]);
    await this.database.query(
      `INSERT INTO tenancy.sessions (id_hash, seal, key_id, opened_at, expires_at, used_at)
       VALUES ($1, $2, $3, $4, $5, $4)`,
      [sessionHash(id, this.secret), seal, keyId, openedAt, expiresAt],
    );
    return id;
  }

  /** Judges the key that the session was opened with, as it is now; a key replaced since then is not that key. */
  async judge(id: string): Promise<KeyVerdict> {
    const now = this.clock.now();
    const idHash = sessionHash(id, this.secret);
    const [row] = (await this.database.query(
      `SELECT s.id_hash AS "idHash", s.seal, s.key_id AS "keyId", s.opened_at AS "openedAt",
         s.expires_at AS "expiresAt", s.used_at AS "usedAt", json_build_object('id', k.id, 'merchantId', k.merchant_id,
           'hash', k.hash, 'scopes', k.scopes) AS key, k.expires_at AS "keyExpiresAt", k.revoked_at AS "keyRevokedAt"
       FROM tenancy.sessions s JOIN tenancy.api_keys k ON k.id = s.key_id
       WHERE s.id_hash = $1 AND s.expires_at > $2 AND s.used_at > $3 AND k.created_at <= s.opened_at`,
      [idHash, now, idleSince(now)],
    )) as (SessionRow & { keyExpiresAt: Date | null; keyRevokedAt: Date | null })[];
    if (!row || !safeEqual(row.seal, sessionSeal(id, row, this.secret))) {
      return { outcome: 'refused', reason: 'unknown' };
    }
    if (now.getTime() - row.usedAt.getTime() >= USE_STORED_EVERY_MS) {
      await this.database.query(
        `UPDATE tenancy.sessions SET used_at = $2 WHERE id_hash = $1 AND used_at < $2`,
        [idHash, now],
      );
    }
    return judgeKey({ ...row.key, expiresAt: row.keyExpiresAt, revokedAt: row.keyRevokedAt }, now);
  }

  async close(id: string): Promise<void> {
    await this.database.query(`DELETE FROM tenancy.sessions WHERE id_hash = $1`, [
      sessionHash(id, this.secret),
    ]);
  }
}

function idleSince(now: Date): Date {
  return new Date(now.getTime() - IDLE_MS);
}

/** Ends all sessions that were opened with this key, in the transaction that ends the key. */
export async function endSessionsOf(tx: EntityManager, keyId: string): Promise<void> {
  await tx.query(`DELETE FROM tenancy.sessions WHERE key_id = $1`, [keyId]);
}
