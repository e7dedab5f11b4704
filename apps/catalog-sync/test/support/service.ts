import { NestFactory } from '@nestjs/core';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DataSource } from 'typeorm';
import { restStoreWebhooks } from '#adapters/rest-store';
import { ofChange, recordChange, syncStore, type JobContract, type SyncStorePayload } from '#contracts';
import { Journal, Tenants } from '#persistence';
import { bootService, CLOCK, loadEnv, type Clock } from '#platform';
import { toItem, Waker, wakeOf } from '#queue';
import { CatalogClient, CatalogClientModule } from '#service';
import {
  createTestDatabase,
  insertTestMerchant,
  TEST_MASTER_KEYS,
  until,
  type TestDatabase,
  type TestMerchant,
} from '#testing';
import { CatalogSyncModule } from '../../src/catalog-sync.module.js';
import { CatalogSyncEnv } from '../../src/env.js';
import { SyncSchedule } from '../../src/schedule/sync-schedule.js';
import { connectTransports } from '../../src/transports.js';

export const STORE_TIMEOUT_MS = 300;

export interface Settled {
  outcome: string | null;
  reason: string | null;
  parked: boolean;
}

/** catalog-sync in this process, on its own database, with a client and with a door for webhooks. */
export interface Service {
  client: CatalogClient;
  merchant: TestMerchant;
  /** Where the shop is to send its webhooks. */
  webhookUrl: string;
  database: TestDatabase;
  /** Runs SQL as the service, for the merchant. */
  sql<T>(query: string, parameters?: unknown[]): Promise<T[]>;
  give<P extends object>(contract: JobContract<P>, payload: P): Promise<string>;
  /** Waits until an item is settled or parked. */
  settled(externalId: string): Promise<Settled>;
  sync(mode: SyncStorePayload['mode'], runId: string): Promise<Settled>;
  /** Has the schedule look now which shops are due, and waits until they are read. */
  tick(): Promise<void>;
  close(): Promise<void>;
}

export async function openService(options: {
  storeUrl: string;
  clockFile?: string;
  maxAgeSeconds?: number;
  /** How long a sync may take; less than what may be set. */
  syncSeconds?: number;
}): Promise<Service> {
  const database = await createTestDatabase();
  const merchant = await insertTestMerchant(database.ownerUrl, options);
  const rpcPort = await freePort();
  const env = loadEnv(CatalogSyncEnv, {
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    PORT: '0',
    DATABASE_URL: database.url('waco_catalog'),
    QUEUE_URL: database.queueUrl,
    WACO_MASTER_KEYS: TEST_MASTER_KEYS,
    ...(options.clockFile && { WACO_CLOCK_FILE: options.clockFile }),
    CATALOG_RPC_HOST: '127.0.0.1',
    CATALOG_RPC_PORT: String(rpcPort),
    STORE_TIMEOUT_MS: String(STORE_TIMEOUT_MS),
  });
  if (options.syncSeconds) env.STORE_SYNC_MINUTES = options.syncSeconds / 60;
  const app = await bootService({
    service: 'catalog-sync',
    module: CatalogSyncModule.forRoot(env),
    env,
    configure: (a) => connectTransports(a, env),
  });
  const clientApp = await NestFactory.createApplicationContext(
    CatalogClientModule.forRoot({ host: '127.0.0.1', port: rpcPort }),
    { logger: false },
  );
  const tenants = app.get(Tenants, { strict: false });
  const journal = app.get(Journal, { strict: false });
  const waker = app.get(Waker, { strict: false });
  const clock = app.get<Clock>(CLOCK, { strict: false });
  const { merchantId } = merchant;

  const give: Service['give'] = async (contract, payload) => {
    const now = clock.now();
    const item = toItem(contract, payload, merchantId, now);
    await tenants.transaction(merchantId, (tx) => journal.append([item], now, tx));
    await waker.wake([wakeOf(item, now)]);
    return item.externalId;
  };
  const sql: Service['sql'] = (query, parameters) =>
    tenants.transaction(merchantId, (tx) => tx.query(query, parameters));
  const settled: Service['settled'] = (externalId) =>
    until(`${externalId} is settled`, async () => {
      const [row] = await sql<Settled>(
        `SELECT outcome, reason, parked_at IS NOT NULL AS parked FROM journal.items
         WHERE external_id = $1 AND (settled_at IS NOT NULL OR parked_at IS NOT NULL)`,
        [externalId],
      );
      return row;
    });
  const door = await openDoor(merchant.storeWebhookSecret, clock, give);

  return {
    client: clientApp.get(CatalogClient),
    merchant,
    webhookUrl: door.url,
    database,
    sql,
    give,
    settled,
    tick: async () => {
      const schedule = app.get(SyncSchedule, { strict: false });
      await schedule.settled();
      await schedule.tick();
      await schedule.settled();
    },
    sync: async (mode, runId) => settled(await give<SyncStorePayload>(syncStore, { mode, runId })),
    close: async () => {
      await new Promise((closed) => door.server.close(closed));
      await clientApp.close();
      await app.close();
      if (app.get(DataSource).isInitialized) throw new Error('the service left its pool open');
      await database.drop();
    },
  };
}

/** What the gateway does with a store's webhook, as far as this service is concerned. */
async function openDoor(
  secret: string,
  clock: Clock,
  give: Service['give'],
): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks);
      const header = request.headers['waco-signature'] as string;
      const reading = restStoreWebhooks.read(raw, header, [secret], clock.now());
      if (reading.outcome !== 'read') return void response.writeHead(400).end();
      const [notice] = reading.notices;
      const event = notice && 'event' in notice ? notice.event : undefined;
      if (event?.about !== 'catalog') return void response.end();
      const { id: eventId, occurredAt } = notice!;
      const said = { eventId, occurredAt: occurredAt!.toISOString(), sequence: event.sequence };
      const stored = give(recordChange, { ...said, ...ofChange(event.change) });
      void stored.then(() => response.end());
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
