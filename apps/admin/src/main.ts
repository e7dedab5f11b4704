import { bootService, loadEnv, runMain } from '#platform';
import { AdminModule, configureAdmin } from './admin.module.js';
import { AdminEnv } from './env.js';

runMain(async () => {
  const env = loadEnv(AdminEnv);
  return bootService({
    service: 'admin',
    module: AdminModule.forRoot(env),
    env,
    answersErrors: true,
    configure: configureAdmin,
  });
});
