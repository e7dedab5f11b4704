import { createHash } from 'node:crypto';
import { createParamDecorator, Inject, Injectable, type ExecutionContext } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { secretBinding, Tenants } from '#persistence';
import { CLOCK, SecretBox, type Clock } from '#platform';
import { forgetKeys } from '../idempotency-keys.js';
import { requestContext } from '../request-context.js';
import type { AdminRequest } from './access.js';
import { problem } from './problem.js';

/** What makes two requests the same request. */
export interface RepeatableRequest {
  /** Keys of different callers never meet. */
  caller: string;
  key: string | undefined;
  /** SHA-256 of method, path and body. */
  hash: string;
}

/** The request as idempotency sees it. */
export const Repeatable = createParamDecorator((_: unknown, context: ExecutionContext): RepeatableRequest => {
  const request = context.switchToHttp().getRequest<AdminRequest>();
  const key = request.headers['idempotency-key'];
  if (key !== undefined && (typeof key !== 'string' || key.length < 1 || key.length > 255)) {
    throw problem(400, 'idempotency_key_invalid', 'Idempotency-Key must have 1 to 255 characters');
  }
  const { caller } = request;
  if (!caller) throw new Error('a public route has no caller');
  return { caller: caller.keyId, key, hash: sha256(canonical([request.method, request.url, request.body])) };
});

interface StoredAnswer {
  requestHash: string;
  response: string;
}

/**
 * Runs a creation once however often its request comes: key, creation and answer are one transaction, so a crash
 * between them cannot be. A request that runs at the same time waits for the first. Answers are sealed, as one may
 * hold a key that is shown once. A creation that fails leaves no trace and may be tried again with the same key.
 */
@Injectable()
export class Idempotency {
  constructor(
    private readonly database: DataSource,
    private readonly tenants: Tenants,
    private readonly secrets: SecretBox,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @throws ProblemException 422 when the key was used for another request. */
  once<T extends object>(
    request: RepeatableRequest,
    merchantId: string | null,
    create: (tx: EntityManager) => Promise<T>,
  ): Promise<T> {
    return this.within(merchantId, async (tx) => {
      if (request.key === undefined) return create(tx);
      const keyHash = sha256(request.key);
      const binding = secretBinding('idempotency_keys', `${request.caller}/${keyHash}`, 'response');
      if (!(await this.claim(tx, request, keyHash, merchantId))) {
        const known = await this.find(tx, request.caller, keyHash);
        if (known.requestHash !== request.hash) {
          throw problem(422, 'idempotency_key_reused', 'this Idempotency-Key was used for another request');
        }
        const context = requestContext();
        if (context) {
          context.replayed = true;
          context.header('idempotency-replayed', 'true');
        }
        return JSON.parse(await this.secrets.open(known.response, binding)) as T;
      }
      const answer = await create(tx);
      await tx.query(
        `UPDATE tenancy.idempotency_keys SET status = 201, response = $3 WHERE caller = $1 AND key_hash = $2`,
        [request.caller, keyHash, await this.secrets.seal(JSON.stringify(answer), binding)],
      );
      return answer;
    });
  }

  /** A transaction for the merchant; null: the platform's own. */
  private within<T>(merchantId: string | null, work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return merchantId === null ? this.database.transaction(work) : this.tenants.transaction(merchantId, work);
  }

  /** True when this transaction is the first with the key. Waits while another one that has it is still open. */
  private async claim(
    tx: EntityManager,
    request: RepeatableRequest,
    keyHash: string,
    merchantId: string | null,
  ): Promise<boolean> {
    const now = this.clock.now();
    await forgetKeys(tx, now);
    const rows = (await tx.query(
      `INSERT INTO tenancy.idempotency_keys (caller, key_hash, merchant_id, request_hash, created_at)
       VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING caller`,
      [request.caller, keyHash, merchantId, request.hash, now],
    )) as unknown[];
    return rows.length === 1;
  }

  private async find(tx: EntityManager, caller: string, keyHash: string): Promise<StoredAnswer> {
    const rows = (await tx.query(
      `SELECT request_hash AS "requestHash", response FROM tenancy.idempotency_keys
       WHERE caller = $1 AND key_hash = $2`,
      [caller, keyHash],
    )) as StoredAnswer[];
    if (rows[0]) return rows[0];
    throw problem(
      409,
      'idempotency_key_busy',
      'the first request with this Idempotency-Key has just ended: repeat',
    );
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** JSON with sorted members: two bodies are equal when they are equal as JSON values. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
