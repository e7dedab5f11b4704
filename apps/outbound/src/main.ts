import { bootService, loadEnv, runMain } from '#platform';
import { connectJobs } from '#queue';
import { OutboundEnv } from './env.js';
import { OutboundModule } from './outbound.module.js';

runMain(async () => {
  const env = loadEnv(OutboundEnv);
  return bootService({
    service: 'outbound',
    module: OutboundModule.forRoot(env),
    env,
    configure: (app) => connectJobs(app, 'outbound'),
  });
});
