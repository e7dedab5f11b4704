import { bootService, loadEnv, runMain } from '#platform';
import { IngestGatewayEnv } from './env.js';
import { BODY_LIMIT, webhookRoutes } from './http/webhook-routes.js';
import { IngestGatewayModule } from './ingest-gateway.module.js';

runMain(async () => {
  const env = loadEnv(IngestGatewayEnv);
  return bootService({
    service: 'ingest-gateway',
    module: IngestGatewayModule.forRoot(env),
    env,
    bodyLimit: BODY_LIMIT,
    configure: webhookRoutes,
  });
});
