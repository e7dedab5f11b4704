import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { removeRows } from '#persistence';
import { CLOCK, ENV, newId, type Clock } from '#platform';
import { AuditLog } from '../audit/audit-log.js';
import { AdminEnv } from '../env.js';
import { FormerSecrets } from '../onboarding/former-secrets.js';
import { Merchants, requireOpen } from '../onboarding/merchants.js';
import { Vault } from '../onboarding/vault.js';
import { Refusal } from '../refusal.js';
import { requireMatch, requireVersion } from '../versions.js';

const COLUMNS = `id, app, version, created_at AS "createdAt", updated_at AS "updatedAt"`;
/** A merchant has one for each environment, perhaps; a thousand would be a mistake. */
const MOST_APPS = 20;

export interface MetaAppRow {
  id: string;
  app: string;
  /** Counts the changes: the ETag. */
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

export interface GivenMetaApp {
  appSecret: string;
  verifyToken: string;
  /** How long an app secret that is replaced stays good. */
  overlapHours?: number;
}

/** Meta apps that merchants bring: their webhooks come to an address of their own. */
@Injectable()
export class MetaApps {
  constructor(
    private readonly merchants: Merchants,
    private readonly vault: Vault,
    private readonly former: FormerSecrets,
    private readonly audit: AuditLog,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(ENV) private readonly env: AdminEnv,
  ) {}

  /**
   * A new app needs no `ifMatch`; to replace one it must name the version that was read.
   * @throws Refusal `not_found` without such a merchant, `conflict` for a closed one, `changed`, `version_missing`,
   * `impossible` with too many apps.
   */
  put(
    merchantId: string,
    app: string,
    given: GivenMetaApp,
    ifMatch: string | undefined,
  ): Promise<MetaAppRow> {
    return this.merchants.within(merchantId, async (tx, merchant) => {
      requireOpen(merchant);
      const known = await find(tx, app);
      if (known) {
        requireVersion(ifMatch, known.version);
        const { id, secret: sealed } = known;
        const secret = await this.vault.open('meta_apps', id, 'app_secret', sealed);
        await this.former.replace(tx, merchantId, id, secret, given.appSecret, given.overlapHours);
      } else {
        if (ifMatch !== undefined) requireMatch(ifMatch, 0);
        await requireRoom(tx);
      }
      const row = await this.store(tx, merchantId, app, known?.id ?? newId('app'), given);
      await this.audit.record(tx, {
        merchantId,
        action: known ? 'meta_app.update' : 'meta_app.connect',
        target: row.id,
        before: known && this.view(known),
        // Secrets are given anew with each call.
        after: this.view(row),
      });
      return row;
    });
  }

  /** @throws Refusal `not_found`. */
  find(merchantId: string, app: string): Promise<MetaAppRow> {
    return this.merchants.read(merchantId, async (tx) => {
      const known = await find(tx, app);
      if (!known) throw notFound();
      return known;
    });
  }

  /** Oldest first, one more than `limit`. @throws Refusal `not_found` without such a merchant. */
  list(merchantId: string, limit: number, after = ''): Promise<MetaAppRow[]> {
    return this.merchants.read(
      merchantId,
      async (tx) =>
        (await tx.query(
          `SELECT ${COLUMNS} FROM tenancy.meta_apps WHERE merchant_id = $1 AND id > $2 ORDER BY id LIMIT $3`,
          [merchantId, after, limit + 1],
        )) as MetaAppRow[],
    );
  }

  /**
   * What it signs is refused from then on.
   * @throws Refusal `not_found`, `conflict` for a closed merchant, `changed`, `version_missing`.
   */
  remove(merchantId: string, app: string, ifMatch: string | undefined): Promise<void> {
    return this.merchants.within(merchantId, async (tx, merchant) => {
      requireOpen(merchant);
      const known = await find(tx, app);
      if (!known) throw notFound();
      requireVersion(ifMatch, known.version);
      await this.former.forget(tx, known.id);
      const gone = 'SELECT ctid FROM tenancy.meta_apps WHERE id = $1 FOR UPDATE';
      await removeRows(tx, 'tenancy.meta_apps', gone, [known.id]);
      const before = this.view(known);
      await this.audit.record(tx, { merchantId, action: 'meta_app.remove', target: known.id, before });
    });
  }

  private async store(
    tx: EntityManager,
    merchantId: string,
    app: string,
    id: string,
    given: GivenMetaApp,
  ): Promise<MetaAppRow> {
    const rows = (await tx.query(
      `INSERT INTO tenancy.meta_apps (id, merchant_id, app, app_secret, verify_token, created_at, updated_at)
       VALUES ($1, $2, $3, $4, $5, $6, $6)
       ON CONFLICT (merchant_id, app) DO UPDATE SET app_secret = excluded.app_secret,
         verify_token = excluded.verify_token, updated_at = excluded.updated_at, version = meta_apps.version + 1
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
  }

  private view(row: MetaAppRow) {
    return showMetaApp(row, this.env.PUBLIC_GATEWAY_URL);
  }
}

/** What of it answers and the audit log show. `gateway`: the public URL that webhooks come to. */
export function showMetaApp(row: MetaAppRow, gateway: string) {
  return {
    id: row.id,
    app: row.app,
    appSecret: 'set' as const,
    verifyToken: 'set' as const,
    webhookUrl: `${gateway}/webhooks/whatsapp/${row.id}`,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

async function find(tx: EntityManager, app: string): Promise<(MetaAppRow & { secret: string }) | undefined> {
  const rows = (await tx.query(
    `SELECT ${COLUMNS}, app_secret AS secret FROM tenancy.meta_apps WHERE app = $1`,
    [app],
  )) as (MetaAppRow & { secret: string })[];
  return rows[0];
}

async function requireRoom(tx: EntityManager): Promise<void> {
  const [{ count }] = (await tx.query(`SELECT count(*)::int FROM tenancy.meta_apps`)) as [{ count: number }];
  if (count >= MOST_APPS)
    throw new Refusal('impossible', 'too_many_apps', `a merchant has ${MOST_APPS} apps at most`);
}

function notFound() {
  return new Refusal('not_found', 'meta_app_not_found', 'there is no such app');
}
