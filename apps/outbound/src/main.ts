import { bootService, loadEnv, runMain } from '#platform';
import { OutboundEnv } from './env.js';
import { connectSends, OutboundModule } from './outbound.module.js';

runMain(async () => {
  const env = loadEnv(OutboundEnv);
  return bootService({
    service: 'outbound',
    module: OutboundModule.forRoot(env),
    env,
    configure: connectSends,
  });
});
