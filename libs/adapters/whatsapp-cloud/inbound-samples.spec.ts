import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { splitWebhook } from './inbound.js';
import { signMetaWebhook, verifyMetaSignature } from './signature.js';

interface Sample {
  docsUrl: string;
  provenance: string;
  /** Kinds of the items that the body holds. */
  expect: string[];
  body: object;
}

const folder = join(fileURLToPath(import.meta.url), '..', 'samples');
const samples = readdirSync(folder)
  .filter((file) => file.endsWith('.webhook.json'))
  .map((file): [string, Sample] => [file, JSON.parse(readFileSync(join(folder, file), 'utf8')) as Sample]);
const receivedAt = new Date('2026-11-21T12:00:00Z');

/** JSON as Meta writes it: ASCII only, slashes escaped. */
function escaped(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('/', '\\/')
    .replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

it('there are samples', () => expect(samples.length).toBeGreaterThan(35));

describe.each(samples)('%s', (_file, sample) => {
  it('says where it comes from', () => {
    expect(sample.docsUrl).toMatch(/^https:\/\/developers\.facebook\.com\//);
    expect(sample.provenance).not.toBe('');
  });

  it.each([
    ['plain', JSON.stringify],
    ['ASCII-escaped', escaped],
    ['pretty', (v: unknown) => JSON.stringify(v, null, 2)],
  ])('signs, verifies and splits as %s JSON', (_form, write) => {
    const raw = Buffer.from(write(sample.body));
    const header = signMetaWebhook(raw, 'app-secret');
    expect(verifyMetaSignature(raw, header, ['app-secret'])).toBe(true);
    expect(verifyMetaSignature(Buffer.concat([raw, Buffer.from(' ')]), header, ['app-secret'])).toBe(false);

    const items = splitWebhook(JSON.parse(raw.toString('utf8')), receivedAt);
    expect(items.map((i) => i.kind)).toEqual(sample.expect);
    expect(items).toEqual(splitWebhook(sample.body, receivedAt));
    for (const item of items) expect(item.accountId).toBe('102290129340398');
  });
});
