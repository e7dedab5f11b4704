import { bootService, loadEnv, runMain } from '#platform';
import { AdminEnv } from './env.js';
import { adminService } from './service.js';

runMain(async () => bootService(adminService(loadEnv(AdminEnv))));
