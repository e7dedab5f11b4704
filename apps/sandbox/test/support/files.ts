import { randomBytes } from 'node:crypto';
import type { Answer, World } from './world.js';

export const TOKEN = 'EAAG-test-token';

/** The smallest picture there is, or one of so many bytes. */
export function png(size = 67): Buffer {
  const picture = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
    'base64',
  );
  return Buffer.concat([picture, randomBytes(Math.max(0, size - picture.length))]).subarray(0, size);
}

export function webp(size: number, animated: boolean): Buffer {
  const header = Buffer.from(`RIFF0000WEBPVP8X0000${animated ? '\u0002' : '\u0000'}`, 'latin1');
  return Buffer.concat([header, randomBytes(size - header.length)]);
}

export function form(fields: Record<string, string>, file?: { bytes: Buffer; type?: string; name?: string }) {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  if (file) {
    const { bytes, type = 'image/png', name = 'picture.png' } = file;
    data.set('file', new Blob([new Uint8Array(bytes)], { type }), name);
  }
  return data;
}

export type Body = NonNullable<Parameters<typeof fetch>[1]>['body'];

/** A request with a body of any kind. */
export async function raw(
  world: World,
  method: string,
  path: string,
  { body, headers = {} }: { body?: Body; headers?: Record<string, string> } = {},
): Promise<{ status: number; type: string; text: string; body: Answer }> {
  const response = await fetch(world.url + path, {
    method,
    body,
    headers: { authorization: `Bearer ${TOKEN}`, ...headers },
  });
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  return { status: response.status, type, text, body: /json/.test(type) ? (JSON.parse(text) as Answer) : {} };
}
