import { readdirSync, readFileSync } from 'node:fs';
import {
  cardOf,
  digitsOf,
  grouped,
  SCHEMES,
} from '../../../libs/core/messaging/testing/card-number-samples.js';
import { seeded } from '../../../libs/core/messaging/testing/seeded.js';
import { Gateway } from './support/gateway.js';

/** Whatever a webhook says, and wherever in it a card number stands: none of it is in a row that can be read. */

type Json = Record<string, unknown>;
interface Place {
  holder: Json;
  key: string;
  path: string;
}

const random = seeded(20_261_126);
const ORDER = 'W7K3M9QXZ2';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await Gateway.start();
});
afterAll(() => gateway?.stop());

function samples(adapter: string, prefix = ''): [name: string, body: string][] {
  const folder = `libs/adapters/${adapter}/samples`;
  return readdirSync(folder)
    .filter((file) => file.startsWith(prefix))
    .map((file) => {
      const { body, rawBody } = JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as Json;
      return [file, (rawBody as string | undefined) ?? JSON.stringify(body)];
    });
}

/** Everywhere that a text or a number stands. */
function places(root: unknown): Place[] {
  const found: Place[] = [];
  const walk = (holder: Json, path: string): void => {
    for (const key of Object.keys(holder)) {
      const value = holder[key];
      if (typeof value === 'object' && value !== null) walk(value as Json, `${path}.${key}`);
      else if (typeof value !== 'boolean') found.push({ holder, key, path: `${path}.${key}` });
    }
  };
  walk(root as Json, '');
  return found;
}

/** Fields that are kept as they are: ids that Meta or the shop chose and wants back, and counters (docs/security.md). */
const KEPT = [
  /^\.entry\.\d+\.id$/,
  /\.phone_number_id$/,
  /\.sequence$/,
  /^\.data\.sku$/,
  /^\.data\.category\.id$/,
  /^\.data\.imageUrl$/,
];
/** Fields that tell what kind of body this is: a changed one would make it another kind. */
const SHAPE = /^\.(object|type|id|sequence|created)$|\.(field|messaging_product|mode|waco_order)$/;

let unique = 0;

/** The sample's every place, each with a number of its own. */
function* spoilt(body: string): Generator<{ path: string; number: string; body: Json }> {
  const count = places(JSON.parse(body)).length;
  for (let i = 0; i < count; i++) {
    // Another message, another event: the same one twice is one.
    const anew = body.replace(/"(wamid|evt)([._][^"]*)"/g, (_, kind, rest) => `"${kind}${rest}x${unique++}"`);
    const copy = JSON.parse(anew) as Json;
    const { holder, key, path } = places(copy)[i]!;
    if (KEPT.some((kept) => kept.test(path))) continue;
    const number = cardOf(random.pick(SCHEMES), random);
    const before = holder[key];
    const asNumber = typeof before === 'number' && Number.isSafeInteger(Number(number));
    const written = [number, grouped([...number], 'fours', ' '), `pay ${number} now`];
    holder[key] = asNumber ? Number(number) : random.pick(written);
    yield { path, number, body: copy };
  }
}

async function allRows(): Promise<{ where: string; text: string; digits: string }[]> {
  const { rows: tables } = await gateway.owner.query<{ name: string }>(
    `SELECT n.nspname || '.' || quote_ident(c.relname) AS name FROM pg_class c
     JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|information_schema)'`,
  );
  const all = await Promise.all(
    tables.map(async ({ name }) => {
      const { rows } = await gateway.owner.query<{ text: string }>(
        `SELECT row_to_json(t)::text AS text FROM ${name} t`,
      );
      return rows.map(({ text }) => ({ where: name, text, digits: digitsOf(text) }));
    }),
  );
  return all.flat();
}

async function readable(sent: { place: string; number: string }[]): Promise<string[]> {
  const rows = await allRows();
  return sent.flatMap(({ place, number }) => {
    const row = rows.find(({ digits }) => digits.includes(number));
    return row ? [`${place} in ${row.where}: ${row.text}`] : [];
  });
}

it('of WhatsApp, known samples and all their places', async () => {
  const now = String(Math.floor(Date.now() / 1_000));
  const sent: { place: string; number: string }[] = [];
  for (const [name, sample] of samples('whatsapp-cloud')) {
    const own = sample
      .replace(/"phone_number_id":"\d+"/g, `"phone_number_id":"${gateway.shop.phoneNumberId}"`)
      .replace(/"timestamp":"?\d+"?/g, `"timestamp":"${now}"`);
    for (const { path, number, body } of spoilt(own)) {
      for (const entry of body.entry as Json[]) entry.id = gateway.shop.businessAccountId;
      const { status } = await gateway.whatsapp(body);
      expect([name, path, status]).toEqual([name, path, expect.any(Number)]);
      if (!SHAPE.test(path)) expect([name, path, status]).toEqual([name, path, 200]);
      sent.push({ place: `${name} ${path}`, number });
    }
  }
  expect(sent.length).toBeGreaterThan(500);
  expect(await gateway.count()).toBeGreaterThan(400);
  expect(await readable(sent)).toEqual([]);
}, 300_000);

it('of shops and payment providers', async () => {
  const { merchantId, storeWebhookSecret, stripeWebhookSecret } = gateway.shop;
  const sent: { place: string; number: string }[] = [];
  const before = await gateway.count();
  for (const [name, sample] of samples('rest-store', 'webhook')) {
    for (const { path, number, body } of spoilt(
      sample.replace(/"occurredAt":"[^"]*"/, `"occurredAt":"${new Date().toISOString()}"`),
    )) {
      await gateway.store(merchantId, body, storeWebhookSecret);
      sent.push({ place: `${name} ${path}`, number });
    }
  }
  for (const [name, sample] of samples('stripe')) {
    const ours = sample
      .replace(/"(waco_order|client_reference_id)":"[^"]*"/g, `"$1":"${ORDER}"`)
      .replace(/"created":\d+/g, `"created":${Math.floor(Date.now() / 1_000)}`);
    for (const { path, number, body } of spoilt(ours)) {
      await gateway.stripe(merchantId, body, stripeWebhookSecret);
      sent.push({ place: `${name} ${path}`, number });
    }
  }
  expect(await gateway.count()).toBeGreaterThan(before + 50);
  expect(await readable(sent)).toEqual([]);
}, 300_000);
