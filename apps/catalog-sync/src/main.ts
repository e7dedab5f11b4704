import { bootService, loadEnv, runMain } from '#platform';
import { CatalogSyncModule } from './catalog-sync.module.js';
import { connectTransports } from './transports.js';
import { CatalogSyncEnv } from './env.js';

runMain(async () => {
  const env = loadEnv(CatalogSyncEnv);
  return bootService({
    service: 'catalog-sync',
    module: CatalogSyncModule.forRoot(env),
    env,
    configure: (app) => connectTransports(app, env),
  });
});
