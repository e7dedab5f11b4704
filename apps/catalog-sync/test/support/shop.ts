import { mkdtempSync, rmSync } from 'node:fs';
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
  change(sku: string, to: { priceMinor?: number; available?: number }): Promise<void>;
  courier(orderRef: string, event: string): Promise<void>;
  /** What the store API does from now on: answer late, or fail so many calls. */
  faults(to: { delayMs?: number; failNext?: number; status?: number }): Promise<void>;
  advance(ms: number): Promise<void>;
  close(): Promise<void>;
}

export async function openShop(
  options: { apiKey?: string; webhookUrl?: string; webhookSecret?: string } = {},
): Promise<Shop> {
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
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  };
  const apiKey = options.apiKey ?? 'shop_key';
  await send('PUT', '/control/shops/demo', {
    name: 'Dune & Date',
    currency: 'AED',
    apiKey,
    webhookUrl: options.webhookUrl ?? 'http://127.0.0.1:9/nowhere',
    webhookSecret: options.webhookSecret ?? 'shop_secret',
    seed: 'demo',
    shipping: { flatMinor: 2_000, freeFromMinor: 20_000 },
  });
  return {
    baseUrl: `${url}/shops/demo`,
    apiKey,
    clockFile,
    change: (sku, { priceMinor, available }) =>
      send('PATCH', `/shops/demo/backoffice/products/${sku}`, {
        ...(priceMinor !== undefined && { price: { minor: priceMinor, currency: 'AED' } }),
        ...(available !== undefined && { available }),
      }),
    courier: (orderRef, event) =>
      send('POST', `/shops/demo/backoffice/orders/${orderRef}/courier`, { event }),
    faults: (to) => send('PUT', '/control/shops/demo/faults', to),
    advance: (advanceMs) => send('POST', '/control/clock', { advanceMs }),
    close: async () => {
      await app.close();
      rmSync(folder, { recursive: true });
    },
  };
}
