import { randomUUID } from 'node:crypto';
import { Module, type DynamicModule } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { bootService, loadEnv, ServiceEnv, type ServiceName } from '#platform';
import { openQueueBackend, Waker, type QueueBackend } from '#queue';
import { serviceModules } from '#service';
import {
  createTestDatabase,
  TEST_BACKENDS,
  TEST_MASTER_KEYS,
  testQueueUrls,
  until,
  type TestDatabase,
} from '#testing';
import type { ServiceRole } from '../../../migrations/index.js';

@Module({})
class OfService {
  static of(imports: DynamicModule[]): DynamicModule {
    return { module: OfService, imports };
  }
}

describe.each(TEST_BACKENDS)('queues that somebody paused, on %s', (kind) => {
  let database: TestDatabase;
  let backend: QueueBackend;
  let waker: Waker;
  let prefix: string;
  const apps: NestFastifyApplication[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    prefix = `t${randomUUID().slice(0, 8)}`;
    backend = openQueueBackend(testQueueUrls(database)[kind]!, prefix);
    waker = new Waker(backend);
  });
  afterAll(async () => {
    for (const app of apps) await app.close();
    await waker.close();
    await backend.close();
    await database.drop();
  });

  async function start(service: ServiceName, role: ServiceRole) {
    const env = loadEnv(ServiceEnv, {
      NODE_ENV: 'test',
      LOG_LEVEL: 'silent',
      PORT: '0',
      DATABASE_URL: database.url(role),
      QUEUE_URL: testQueueUrls(database)[kind]!,
      QUEUE_PREFIX: prefix,
      WACO_MASTER_KEYS: TEST_MASTER_KEYS,
    });
    const app = await bootService({
      service,
      module: OfService.of(serviceModules({ service, env, entities: [] })),
      env,
    });
    apps.push(app);
    const { port } = app.getHttpServer().address() as { port: number };
    return async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      return { status: answer.status, body: await answer.text() };
    };
  }

  it('are named by the readiness of their service and of the admin, which stays 200, and in metrics', async () => {
    const [conversation, catalog, admin, gateway] = await Promise.all([
      start('conversation', 'waco_conversation'),
      start('catalog-sync', 'waco_catalog'),
      start('admin', 'waco_admin'),
      start('ingest-gateway', 'waco_ingest'),
    ]);
    const ready = async (service: typeof admin) => {
      const { status, body } = await service('/health/ready');
      return [status, JSON.parse(body)];
    };
    for (const service of [conversation, catalog, admin, gateway]) {
      expect(await ready(service)).toEqual([200, { status: 'ok' }]);
    }
    const gauge = async (queue: string) =>
      new RegExp(`^waco_queue_paused\\{queue="${queue}"\\} (\\d)$`, 'm').exec(
        (await admin('/metrics')).body,
      )?.[1];
    await until(
      'all were looked at',
      async () => (await gauge('threads')) === '0' && (await gauge('syncs')) === '0',
    );

    await waker.queue('threads').pause();
    await waker.queue('sends-crowd').pause();
    await waker.queue('syncs').pause();
    const all = { status: 'ok', paused: ['sends-crowd', 'syncs', 'threads'] };
    await until(
      'the admin says so',
      async () => JSON.stringify((await ready(admin))[1]) === JSON.stringify(all),
    );
    await until(
      'their services say so',
      async () => (await ready(catalog))[1].paused && (await ready(conversation))[1].paused,
    );
    expect(await ready(admin)).toEqual([200, all]);
    expect(await ready(conversation)).toEqual([200, { status: 'ok', paused: ['threads'] }]);
    expect(await ready(catalog)).toEqual([200, { status: 'ok', paused: ['syncs'] }]);
    expect(await ready(gateway)).toEqual([200, { status: 'ok' }]);
    expect([await gauge('threads'), await gauge('sends-crowd'), await gauge('threads-crowd')]).toEqual([
      '1',
      '1',
      '0',
    ]);

    for (const queue of ['threads', 'sends-crowd', 'syncs']) await waker.queue(queue).resume();
    await until(
      'nothing is paused',
      async () => !(await ready(admin))[1].paused && !(await ready(catalog))[1].paused,
    );
    await until(
      'the metric says so',
      async () => (await gauge('threads')) === '0' && (await gauge('sends-crowd')) === '0',
    );
  }, 60_000);
});
