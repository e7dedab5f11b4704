import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadEnv } from '#platform';
import { SandboxEnv } from '../src/env.js';
import { startSandbox } from '../src/start.js';

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  raw: string;
}

export interface Answer<T> {
  status: number;
  headers: Headers;
  body: T;
}

/** A sandbox in memory on a free port with a movable clock, and a listener for the webhooks it sends. */
export interface Stand {
  url: string;
  hookUrl: string;
  received: Received[];
  call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer<T>>;
  advance(ms: number): Promise<void>;
  now(): Promise<Date>;
  close(): Promise<void>;
}

export async function openStand(): Promise<Stand> {
  const folder = mkdtempSync(join(tmpdir(), 'waco-sandbox-'));
  const env = loadEnv(SandboxEnv, {
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    PORT: '0',
    WACO_CLOCK_FILE: join(folder, 'clock.json'),
  });
  const app: NestFastifyApplication = await startSandbox(env);
  const url = `http://localhost:${(app.getHttpServer().address() as AddressInfo).port}`;
  const received: Received[] = [];
  const hooks = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks).toString('utf8');
      received.push({ path: request.url ?? '', headers: request.headers, raw });
      response.end();
    });
  });
  await new Promise<void>((resolve) => hooks.listen(0, resolve));
  const call: Stand['call'] = async (method, path, body, headers = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
  };
  return {
    url,
    hookUrl: `http://localhost:${(hooks.address() as AddressInfo).port}`,
    received,
    call,
    advance: async (ms) => void (await call('POST', '/control/clock', { advanceMs: ms })),
    now: async () => new Date((await call<{ now: string }>('GET', '/control/clock')).body.now),
    close: async () => {
      await app.close();
      await new Promise((resolve) => hooks.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
}

/** Waits for `look` to find something, at most five seconds. */
export async function eventually<T>(what: string, look: () => T | undefined | false): Promise<T> {
  for (let i = 0; i < 200; i++) {
    const found = look();
    if (found) return found;
    await sleep(25);
  }
  throw new Error(`did not happen in 5 s: ${what}`);
}
