import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, newId, type Clock } from '#platform';
import { problem } from '../http/problem.js';
import { FormerSecrets } from '../onboarding/former-secrets.js';
import { Merchants } from '../onboarding/merchants.js';
import { Vault } from '../onboarding/vault.js';
import type { MetaAppRow, PutMetaApp } from './meta-apps.dto.js';

const COLUMNS = `id, app, created_at AS "createdAt", updated_at AS "updatedAt"`;
/** A merchant has one for each environment, perhaps; a thousand would be a mistake. */
const MOST_APPS = 20;

/** Meta apps that merchants bring: their webhooks come to an address of their own. */
@Injectable()
export class MetaApps {
  constructor(
    private readonly merchants: Merchants,
    private readonly vault: Vault,
    private readonly former: FormerSecrets,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @throws ProblemException 404 without such a merchant, 422 with too many apps. */
  put(merchantId: string, app: string, given: PutMetaApp): Promise<MetaAppRow> {
    return this.merchants.within(merchantId, async (tx) => {
      const [known] = (await tx.query(
        `SELECT id, app_secret AS secret FROM tenancy.meta_apps WHERE app = $1`,
        [app],
      )) as { id: string; secret: string }[];
      if (known) {
        const old = { table: 'meta_apps', id: known.id, column: 'app_secret', sealed: known.secret } as const;
        await this.former.replace(tx, merchantId, old, given.appSecret, given.overlapHours);
      } else {
        const [{ count }] = (await tx.query(`SELECT count(*)::int FROM tenancy.meta_apps`)) as [
          { count: number },
        ];
        if (count >= MOST_APPS)
          throw problem(422, 'too_many_apps', `a merchant has ${MOST_APPS} apps at most`);
      }
      const id = known?.id ?? newId('app');
      const rows = (await tx.query(
        `INSERT INTO tenancy.meta_apps (id, merchant_id, app, app_secret, verify_token, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6)
         ON CONFLICT (merchant_id, app) DO UPDATE SET app_secret = excluded.app_secret,
           verify_token = excluded.verify_token, updated_at = excluded.updated_at
         RETURNING ${COLUMNS}`,
        [
          id,
          merchantId,
          app,
          await this.vault.seal('meta_apps', id, 'app_secret', given.appSecret),
          await this.vault.seal('meta_apps', id, 'verify_token', given.verifyToken),
          this.clock.now(),
        ],
      )) as MetaAppRow[];
      return rows[0]!;
    });
  }

  /** @throws ProblemException 404 without such a merchant. */
  list(merchantId: string): Promise<MetaAppRow[]> {
    return this.merchants.within(
      merchantId,
      async (tx) => (await tx.query(`SELECT ${COLUMNS} FROM tenancy.meta_apps ORDER BY id`)) as MetaAppRow[],
    );
  }

  /** What it signs is refused from then on. @throws ProblemException 404. */
  remove(merchantId: string, app: string): Promise<void> {
    return this.merchants.within(merchantId, async (tx) => {
      const [known] = (await tx.query(`SELECT id FROM tenancy.meta_apps WHERE app = $1`, [app])) as {
        id: string;
      }[];
      if (!known) throw problem(404, 'meta_app_not_found', 'there is no such app');
      await this.former.forget(tx, known.id);
      await tx.query(`DELETE FROM tenancy.meta_apps WHERE id = $1`, [known.id]);
    });
  }
}
