import { mkdtempSync, rmSync } from 'node:fs';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadEnv } from '#platform';
import { SandboxEnv } from '../../../sandbox/src/env.js';
import { startSandbox } from '../../../sandbox/src/start.js';

/** The sandbox's demo shop, in memory, on a free port, with a clock that can be moved. */
export interface Shop {
  baseUrl: string;
  apiKey: string;
  clockFile: string;
  /** Changes its API key and where its webhooks go. */
  connect(to: { apiKey: string; webhookUrl: string; webhookSecret: string }): Promise<void>;
  change(sku: string, to: { priceMinor?: number; available?: number }): Promise<void>;
  courier(orderRef: string, event: string): Promise<void>;
  /** What the store API does from now on: answer late, or fail so many calls. */
  faults(to: { delayMs?: number; failNext?: number; status?: number }): Promise<void>;
  chaos(to: { copies: [number, number]; shuffle: boolean; maxDelayMs: number }): Promise<void>;
  /** Webhooks that are still on their way. */
  waiting(): Promise<number>;
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

const UNCONNECTED = {
  apiKey: 'shop_key',
  webhookUrl: 'http://127.0.0.1:9/nowhere',
  webhookSecret: 'shop_secret',
};

export async function openShop(): Promise<Shop> {
  const folder = mkdtempSync(join(tmpdir(), 'waco-shop-'));
  const clockFile = join(folder, 'clock.json');
  const env = { NODE_ENV: 'test', LOG_LEVEL: 'silent', PORT: '0', WACO_CLOCK_FILE: clockFile };
  const app = await startSandbox(loadEnv(SandboxEnv, env));
  const url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  const send = async (method: string, path: string, body: object): Promise<void> => {
    const response = await fetch(url + path, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer}`);
  };
  const connect: Shop['connect'] = (to) =>
    send('PUT', '/control/shops/demo', {
      name: 'Dune & Date',
      currency: 'AED',
      seed: 'demo',
      shipping: { flatMinor: 2_000, freeFromMinor: 20_000 },
      ...to,
    });
  await connect(UNCONNECTED);
  return {
    baseUrl: `${url}/shops/demo`,
    apiKey: UNCONNECTED.apiKey,
    clockFile,
    connect,
    change: (sku, { priceMinor, available }) =>
      send('PATCH', `/shops/demo/backoffice/products/${sku}`, {
        ...(priceMinor !== undefined && { price: { minor: priceMinor, currency: 'AED' } }),
        ...(available !== undefined && { available }),
      }),
    courier: (orderRef, event) =>
      send('POST', `/shops/demo/backoffice/orders/${orderRef}/courier`, { event }),
    faults: (to) => send('PUT', '/control/shops/demo/faults', to),
    chaos: (to) => send('PUT', '/control/chaos', to),
    waiting: async () => {
      const answer = await fetch(`${url}/control/chaos`);
      return ((await answer.json()) as { waiting: number }).waiting;
    },
    advance: (advanceMs) => send('POST', '/control/clock', { advanceMs }),
    close: async () => {
      // A caller that gave up may have left a connection on which it never asked: that would be waited for.
      (app.getHttpServer() as HttpServer).closeAllConnections();
      await app.close();
      rmSync(folder, { recursive: true });
    },
  };
}
