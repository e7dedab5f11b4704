import type { DynamicModule } from '@nestjs/common';
import { LANES, type Lane } from '#contracts';
import { DATABASE_READY, DatabaseModule, TenancyModule } from '#persistence';
import {
  HealthModule,
  NO_KEYS,
  openKeyRing,
  openSecretBox,
  PlatformModule,
  ServiceEnv,
  type KeylessEnv,
  type ServiceName,
} from '#platform';
import { JobsModule, PAUSED_QUEUES, PausedQueuesModule, QUEUE_READY } from '#queue';

export { CatalogClient, CatalogClientModule } from './catalog-client.js';

/**
 * What every service is made of besides its own rooms: clock, environment and logs; its database role, tenant
 * transactions and journal; merchants' configuration, with the keys that open their secrets if its environment has
 * them; the queue; health and metrics.
 */
export function serviceModules(options: {
  service: ServiceName;
  env: KeylessEnv;
  entities: (new () => object)[];
  /** What must answer before this process takes work. The gateway takes webhooks in without its queue. */
  checks?: symbol[];
}): DynamicModule[] {
  const { service, env, entities, checks = [DATABASE_READY, QUEUE_READY] } = options;
  const keys = env instanceof ServiceEnv ? openKeyRing(env) : NO_KEYS;
  return [
    PlatformModule.forRoot({ service, env }),
    DatabaseModule.forRoot({
      url: env.DATABASE_URL,
      service,
      entities,
      poolSize: env.DATABASE_POOL_SIZE ?? 20,
    }),
    TenancyModule.forRoot(openSecretBox(keys, env instanceof ServiceEnv ? env : {})),
    JobsModule.forRoot({ url: env.QUEUE_URL, prefix: env.QUEUE_PREFIX }),
    PausedQueuesModule.forRoot(lanesOf(service)),
    HealthModule.forRoot({ checks: [...checks, PAUSED_QUEUES] }),
  ];
}

/** The queues whose pauses a service tells of: its own, and the admin service, where they are paused, of all. */
function lanesOf(service: ServiceName): Lane[] {
  const owner = service === 'catalog-sync' ? 'catalog' : service;
  return LANES.filter(({ queue }) => service === 'admin' || queue.owner === owner);
}
