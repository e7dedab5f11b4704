import { bootService, loadEnv, runMain } from '#platform';
import { IngestGatewayEnv } from './env.js';
import { webhookRoutes } from './http/webhook-routes.js';
import { IngestGatewayModule } from './ingest-gateway.module.js';

runMain(async () => {
  const env = loadEnv(IngestGatewayEnv);
  return bootService({
    service: 'ingest-gateway',
    module: IngestGatewayModule.forRoot(env),
    env,
    configure: webhookRoutes,
  });
});
