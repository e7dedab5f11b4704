import { syncStore } from '#contracts';
import { Journal, Tenants } from '#persistence';
import { bootService, loadEnv } from '#platform';
import { toItem, Waker, wakeOf } from '#queue';
import { TEST_MASTER_KEYS, until, type TestDatabase } from '#testing';
import { CatalogSyncModule } from '../../../catalog-sync/src/catalog-sync.module.js';
import { CatalogSyncEnv } from '../../../catalog-sync/src/env.js';
import { connectTransports } from '../../../catalog-sync/src/transports.js';

export interface CatalogService {
  /** Reads the whole shop into its copy. */
  sync(merchantId: string, runId: string): Promise<void>;
  close(): Promise<void>;
}

/** The real catalog-sync in this process, listening for questions on `rpcPort`. */
export async function openCatalogService(database: TestDatabase, rpcPort: number): Promise<CatalogService> {
  const env = loadEnv(CatalogSyncEnv, {
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    PORT: '0',
    DATABASE_URL: database.url('waco_catalog'),
    QUEUE_URL: database.queueUrl,
    WACO_MASTER_KEYS: TEST_MASTER_KEYS,
    CATALOG_RPC_HOST: '127.0.0.1',
    CATALOG_RPC_PORT: String(rpcPort),
  });
  const app = await bootService({
    service: 'catalog-sync',
    module: CatalogSyncModule.forRoot(env),
    env,
    configure: (a) => connectTransports(a, env),
  });
  const tenants = app.get(Tenants, { strict: false });
  return {
    async sync(merchantId, runId) {
      const item = toItem(syncStore, { mode: 'full' as const, runId }, merchantId, new Date());
      await tenants.transaction(merchantId, (tx) =>
        app.get(Journal, { strict: false }).append([item], new Date(), tx),
      );
      await app.get(Waker, { strict: false }).wake([wakeOf(item, new Date())]);
      await until('the shop is read', async () => {
        const rows = (await tenants.transaction(merchantId, (tx) =>
          tx.query(`SELECT outcome FROM journal.items WHERE external_id = $1 AND outcome = 'done'`, [
            item.externalId,
          ]),
        )) as unknown[];
        return rows.length > 0;
      });
    },
    close: () => app.close(),
  };
}
