import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { removeRows } from '#persistence';
import { CLOCK, newId, type Clock } from '#platform';
import { Vault } from './vault.js';

/** How long a replaced webhook secret is still good when the request does not say, in hours. */
export const OVERLAP_HOURS = 24;
export const MAX_OVERLAP_HOURS = 168;
/** Several changes in a row leave no more than these; the oldest go. */
const MOST = 3;
const TABLE = 'tenancy.former_webhook_secrets';

/** Webhook secrets that were replaced, and are good for a while beside their successors. */
@Injectable()
export class FormerSecrets {
  constructor(
    private readonly vault: Vault,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Keeps the secret that `ownerId` had for `overlapHours`, if `successor` is another one. With 0 hours it ends now,
   * and with it all that were kept before: the answer to a secret that got out. The caller's transaction stores both.
   */
  async replace(
    tx: EntityManager,
    merchantId: string,
    ownerId: string,
    secret: string,
    successor: string,
    overlapHours = OVERLAP_HOURS,
  ): Promise<void> {
    const now = this.clock.now();
    if (overlapHours === 0) return this.forget(tx, ownerId);
    const over = `SELECT ctid FROM ${TABLE} WHERE owner_id = $1 AND (until <= $2 OR id NOT IN
      (SELECT id FROM ${TABLE} WHERE owner_id = $1 ORDER BY until DESC LIMIT ${MOST - 1})) FOR UPDATE`;
    await removeRows(tx, TABLE, over, [ownerId, now]);
    if (secret === successor) return;
    const id = newId('old');
    await tx.query(
      `INSERT INTO tenancy.former_webhook_secrets (id, merchant_id, owner_id, secret, until)
       VALUES ($1, $2, $3, $4, $5)`,
      [
        id,
        merchantId,
        ownerId,
        await this.vault.seal('former_webhook_secrets', id, 'secret', secret),
        new Date(now.getTime() + overlapHours * 3_600_000),
      ],
    );
  }

  async forget(tx: EntityManager, ownerId: string): Promise<void> {
    await removeRows(tx, TABLE, `SELECT ctid FROM ${TABLE} WHERE owner_id = $1 FOR UPDATE`, [ownerId]);
  }
}
