import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Queue } from 'bullmq';
import { getMetadataStorage } from 'class-validator';
import { Customer, http } from '../../../deploy/local/customer.mjs';
import { ROOT } from '../../../deploy/local/settings.mjs';
import { buy } from '../../lib/buyer.mjs';
import { answerOf, callAdmin, dated, hmac, valueOf } from '../../lib/calls.mjs';
import { Poster } from '../../lib/customers.mjs';
import { ask } from '../../lib/database.mjs';
import { startFleet } from '../../lib/fleet.mjs';
import { spoilt } from '../../lib/junk.mjs';
import { portBase } from '../../lib/ordeal.mjs';
import { groupBy, untilFewDue } from '../../lib/readback.mjs';
import { about, sampleOf, samplesIn, whatsappSamples } from '../../lib/samples.mjs';
import { startShop } from '../../lib/told-shop.mjs';
import { HELD_MS, Watch } from '../../lib/watch.mjs';

const MEBIBYTE = 1_048_576;
/** What each door takes at most. */
const LIMITS = {
  platformApp: 3.25 * MEBIBYTE,
  tenant: MEBIBYTE / 4,
  admin: 65_536,
  shop: 8 * MEBIBYTE,
  item: MEBIBYTE / 4,
};
const LONG = { each: 240, rounds: 8, jobs: 4 };
const QUICK = { each: 22, rounds: 2, jobs: 1 };
const PRELOAD = pathToFileURL(join(ROOT, 'bench', 'lib', 'steps.mjs')).href;

export default {
  name: 'inputs',
  about: 'what strangers and tenants may send, up to the limits: none of it holds a service for long',
  ownFleet: true,
  rate: { long: 0, quick: 0 },
  goals: [
    {
      name: 'longest that one step held a service',
      figure: ['waco', 'longest step, ms'],
      atMost: HELD_MS,
      unit: ' ms',
    },
    { name: 'inputs', figure: ['waco', 'inputs'], atLeast: 3_000, longOnly: true },
  ],
  run: ({ quick, log }) => run(quick ? QUICK : LONG, log),
};

async function run(size, log) {
  const seed = Number(process.env.FAULTS_SEED ?? Date.now() % 2 ** 31);
  const folder = mkdtempSync(join(tmpdir(), 'waco-steps-'));
  const shop = await startShop(portBase() + 63);
  const fleet = await startFleet({
    portBase: portBase(),
    merchants: 3,
    env: {
      WHATSAPP_BASE_URL: `http://127.0.0.1:${portBase() + 100}/graph`,
      NODE_OPTIONS: `--import ${PRELOAD}`,
      BENCH_STEPS: folder,
      LOG_LEVEL: 'warn',
      // The allowances of merchants are looked at elsewhere: here everything is to get in.
      ...{ WEBHOOK_ITEMS_PER_MINUTE: '10000000', WEBHOOK_KILOBYTES_PER_MINUTE: '100000000' },
      ...{ RATE_LIMIT_PER_ADDRESS: '1000000', RATE_LIMIT_PER_KEY: '1000000' },
    },
  });
  const watch = new Watch(folder, fleet);
  try {
    log(`seed ${seed}`);
    const scene = await prepare({ fleet, shop, seed, size });
    await untilFewDue(fleet.stack.databaseUrl, 0, 5_000);
    watch.begin();
    for (const [name, send] of Object.entries(WAYS_IN)) {
      const before = watch.inputs;
      await send(scene, watch);
      const answers = JSON.stringify(watch.answers).replace(/"/g, '');
      log(
        `${name}: ${watch.inputs - before} inputs, longest step ${watch.longestOf(before)} ms, answers ${answers}`,
      );
      watch.answers = {};
    }
    await watch.during('a customer who comes after all that', () => greet(scene));
    const longest = watch.longest();
    for (const { service, ms, what } of longest) log(`${service} ${ms} ms: ${what}`);
    return { seed, longest, figures: watch.figures(), problems: watch.problems };
  } finally {
    await fleet.stop();
    await shop.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The good one has sold something, so that every kind of work has been done once. The tenant has a Meta app of its own. */
async function prepare({ fleet, shop, seed, size }) {
  const { urls, secrets, databaseUrl } = fleet.stack;
  const [good, tenant, leaver] = fleet.merchants;
  const bought = await buy({ sandboxUrl: urls.sandbox, ...good, name: 'Good', sku: 'TEE-WHT' });
  if (!bought.told) throw new Error(`nothing was bought: ${JSON.stringify(bought)}`);
  const call = callAdmin(urls.admin, secrets.operatorKey);
  const own = await call('PUT', `/v1/merchants/${tenant.merchantId}/meta-apps/own`, {
    appSecret: 'the-secret-of-an-own-app-1234',
    verifyToken: 'the-token-of-an-own-app-1234',
  });
  if (own.status >= 300) throw new Error(`no app for the tenant: ${JSON.stringify(own)}`);
  const work = await ask(
    databaseUrl,
    'SELECT DISTINCT ON (name) name, service, queue, stream, payload FROM journal.items ORDER BY name, id',
  );
  const { orderRef } = bought;
  return { fleet, shop, seed, size, orderRef, good, tenant, leaver, call, ownApp: own.body, work };
}

/** Whoever may send something, one after the other. */
const WAYS_IN = {
  'webhooks of the platform’s app': async (scene, watch) => {
    const { whatsappAppSecret: secret } = scene.fleet.stack.secrets;
    const samples = whatsappSamples(scene.good);
    const bodies = spoilt({ samples, bytes: LIMITS.platformApp, count: scene.size.each, seed: scene.seed });
    await postWebhooks(scene, watch, bodies, (body) => ({
      path: '/webhooks/whatsapp',
      headers: { 'x-hub-signature-256': `sha256=${hmac(secret, body)}` },
    }));
  },
  'webhooks of a merchant’s app': async (scene, watch) => {
    const samples = whatsappSamples(scene.tenant);
    const bodies = spoilt({ samples, bytes: LIMITS.tenant, count: scene.size.each, seed: scene.seed + 1 });
    await postWebhooks(scene, watch, bodies, (body) => ({
      path: new URL(scene.ownApp.webhookUrl).pathname,
      headers: { 'x-hub-signature-256': `sha256=${hmac('the-secret-of-an-own-app-1234', body)}` },
    }));
  },
  'webhooks of a shop': async (scene, watch) => {
    const { shopWebhookSecret: secret } = scene.fleet.stack.secrets;
    const samples = about(scene, samplesIn('rest-store', 'webhook'));
    const bodies = spoilt({ samples, bytes: LIMITS.tenant, count: scene.size.each, seed: scene.seed + 2 });
    await postWebhooks(scene, watch, bodies, (body) => ({
      path: `/webhooks/store/${scene.good.merchantId}`,
      headers: { 'waco-signature': dated(secret, body) },
    }));
  },
  'webhooks of a payment account': async (scene, watch) => {
    const { stripeWebhookSecret: secret } = scene.fleet.stack.secrets;
    const samples = about(scene, samplesIn('stripe', ''));
    const bodies = spoilt({ samples, bytes: LIMITS.tenant, count: scene.size.each, seed: scene.seed + 3 });
    await postWebhooks(scene, watch, bodies, (body) => ({
      path: `/webhooks/payments/stripe/${scene.good.merchantId}`,
      headers: { 'stripe-signature': dated(secret, body) },
    }));
  },
  'answers of a shop': shopAnswers,
  'the admin API': adminInputs,
  'other addresses': otherInputs,
  'items of every queue': queueItems,
  'jobs of every lane': laneJobs,
  'what shows all this': readings,
};

async function postWebhooks(scene, watch, bodies, signed) {
  const poster = new Poster(scene.fleet.stack.urls.gateway);
  try {
    for (const { name, text } of bodies) {
      const body = Buffer.from(text);
      await watch.during(`POST ${signed(body).path} ${name}`, async () => {
        const status = await poster.post({ body, ...signed(body) });
        watch.answered({ status });
        if (status === 200) await untilFewDue(scene.fleet.stack.databaseUrl, 0, 5_000);
      });
    }
  } finally {
    poster.close();
  }
}

/** A shop whose pages and quotes are junk, read by syncs and asked by customers. */
async function shopAnswers(scene, watch) {
  const { fleet, shop, tenant, call, seed, size } = scene;
  const { urls, secrets } = fleet.stack;
  const bytes = LIMITS.shop;
  const samples = samplesIn('rest-store', 'answer');
  const of = (word) => samples.filter(({ name }) => name.includes(word));
  const customer = await Customer.create(http(urls.sandbox), tenant.phoneNumberId, {
    ...{ name: 'Asks', patienceMs: 20_000 },
  });
  await call('PUT', `/v1/merchants/${tenant.merchantId}/store`, {
    ...{ baseUrl: shop.url, region: 'AE', apiKey: secrets.shopApiKey },
    webhookSecret: secrets.shopWebhookSecret,
  });
  for (const { name, text } of spoilt({ samples: of('products'), bytes, count: size.each, seed: seed + 4 })) {
    await watch.during(`GET /v1/products answers ${name}`, async () => {
      shop.page = text;
      const asked = shop.asked('/v1/products');
      await askForSync(fleet, tenant);
      await asked;
      await sleep(100);
    });
  }
  shop.page = undefined;
  for (const { name, text } of spoilt({
    ...{ samples: of('quote'), bytes, count: Math.ceil(size.each / 4), seed: seed + 5 },
  })) {
    await watch.during(`POST /v1/quote answers ${name}`, async () => {
      shop.quote = text;
      await customer.sendCart([{ sku: 'TEE-WHT', quantity: 1 }]);
      await customer.next('an answer').catch(() => watch.problem('the customer got no answer'));
    });
  }
}

/** As a sync is begun by its schedule. */
async function askForSync({ stack }, { merchantId }) {
  await ask(
    stack.databaseUrl,
    `INSERT INTO journal.items (merchant_id, service, queue, stream, name, source, external_id, payload, occurred_at, due_at)
     VALUES ($1, 'catalog', 'syncs', $2, 'catalog.sync-store.v1', 'job', $2, $3, now(), now())`,
    [merchantId, `bench-${randomUUID()}`, { mode: 'full', runId: randomUUID() }],
  );
}

/** With a key of a merchant, over every operation that takes a body, and with long and odd queries over those that do not. */
async function adminInputs(scene, watch) {
  const { leaver, call, seed, size } = scene;
  const { urls } = scene.fleet.stack;
  const { body: made } = await call('POST', `/v1/merchants/${leaver.merchantId}/api-keys`, {
    name: 'inputs',
  });
  if (!made.key) throw new Error(`no key: ${JSON.stringify(made)}`);
  const asTenant = callAdmin(urls.admin, made.key);
  const { paths, components } = JSON.parse(readFileSync(join(ROOT, 'docs', 'openapi.json'), 'utf8'));
  const { CHANNELS, PAYMENT_PROVIDERS } = await import(pathToFileURL(join(ROOT, VENDORS)).href);
  const samples = [];
  const queries = [];
  for (const [path, operations] of Object.entries(paths)) {
    const of = path.replace('{merchantId}', leaver.merchantId).replace(/\{\w+\}/g, 'own');
    for (const [method, operation] of Object.entries(operations)) {
      const schema = operation.requestBody?.content['application/json']?.schema;
      // What ends the merchant would end this, too.
      if (schema && !/close|suspend/.test(path)) {
        // One of several forms: each has its vendor in the path.
        for (const [i, form] of (schema.oneOf ?? [schema]).entries()) {
          const vendor = { kind: CHANNELS[i]?.kind, account: PAYMENT_PROVIDERS[i]?.kind };
          const at = path
            .replace('{merchantId}', leaver.merchantId)
            .replace(/\{(\w+)\}/g, (_, place) => vendor[place] ?? 'own');
          samples.push({ name: `${method.toUpperCase()} ${at}`, value: sampleOf(form, components) });
        }
      }
      for (const { name } of (operation.parameters ?? []).filter((p) => p.in === 'query')) {
        queries.push({ path: of, name });
      }
    }
  }
  const bodies = spoilt({ samples, bytes: LIMITS.admin, count: size.each * 2, seed: seed + 6 });
  for (const { name, text } of bodies) {
    const [method, path] = name.split(/[ .:]/);
    await watch.during(name, async () => watch.answered(await asTenant(method, path, text)));
  }
  for (const { path, name } of queries.slice(0, size.each)) {
    for (const value of LONG_TEXTS) {
      await watch.during(`GET ${path}?${name}=${value.slice(0, 20)}…`, async () =>
        watch.answered(
          await asTenant('GET', `${path}?${name}=${encodeURIComponent(value).slice(0, 12_000)}`),
        ),
      );
    }
  }
}

const VENDORS = join('dist', 'libs', 'vendors', 'src', 'index.js');
const LONG_TEXTS = ['4111 1111 1111 1111 ', '%', '\\', 'a(', '{"', ' ', 'مرحبا '].map((t) => t.repeat(2_000));

/** Where browsers go: pages, forms, links, and the handshake. */
async function otherInputs(scene, watch) {
  const { urls } = scene.fleet.stack;
  const wheres = [
    ['GET', `${urls.gateway}/webhooks/whatsapp?hub.mode=subscribe&hub.verify_token=`],
    ['GET', `${urls.gateway}/webhooks/whatsapp/`],
    ['GET', `${urls.checkout}/pay/`],
    ['GET', `${urls.checkout}/`],
    ['GET', `${urls.admin}/login?next=`],
    ['POST', `${urls.admin}/login`, 'key='],
    ['POST', `${urls.admin}/login`, ''],
    ['GET', `${urls.admin}/queues/`],
    ['GET', `${urls.admin}/docs/`],
  ];
  for (const [method, url, form] of wheres) {
    for (const text of LONG_TEXTS) {
      const body =
        form === undefined ? undefined : `${form}${encodeURIComponent(text)}`.slice(0, LIMITS.admin);
      const address = body === undefined ? `${url}${encodeURIComponent(text).slice(0, 12_000)}` : url;
      await watch.during(`${method} ${url} ${text.slice(0, 20)}…`, async () =>
        watch.answered(
          await answerOf(address, {
            ...{ method, body },
            headers: body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' },
          }),
        ),
      );
    }
  }
}

/** Items as a service might store them that is not what it was: of every contract, with junk in a payload that was good. */
async function queueItems(scene, watch) {
  const { fleet, tenant, seed, size, work } = scene;
  const contracts = Object.values(await import(pathToFileURL(join(ROOT, CONTRACTS)).href)).filter(
    (exported) => exported?.payload && exported?.queue,
  );
  const samples = contracts.map((contract) => {
    const done = work.find((item) => item.name === contract.name);
    const names = getMetadataStorage().getTargetValidationMetadatas(contract.payload, '', false, false);
    const made = Object.fromEntries(names.map(({ propertyName }) => [propertyName, 'x']));
    return { name: contract.name, value: done?.payload ?? made, contract };
  });
  const items = spoilt({
    samples,
    bytes: LIMITS.item,
    count: contracts.length * size.rounds,
    seed: seed + 7,
  });
  const byService = groupBy(items, ({ name }) => of(name).contract.queue.owner);
  for (let round = 0; [...byService.values()].some((all) => round < all.length); round++) {
    const batch = [...byService.values()].flatMap((all) => all[round] ?? []);
    await watch.during(batch.map(({ name }) => name).join('; '), async () => {
      for (const { name, text } of batch) await insert(fleet, tenant, of(name).contract, text);
      await lookedAt(fleet);
    });
  }

  function of(name) {
    return samples.find((sample) => name.startsWith(sample.name));
  }
}

const CONTRACTS = join('dist', 'libs', 'contracts', 'src', 'index.js');

async function insert({ stack }, { merchantId }, { name, queue }, payload) {
  const id = `bench-${randomUUID()}`;
  await ask(
    stack.databaseUrl,
    `INSERT INTO journal.items (merchant_id, service, queue, stream, name, source, external_id, payload, occurred_at, due_at)
     VALUES ($1, $2, $3, $4, $5, 'job', $4, $6, now(), now() - interval '10 s')`,
    [merchantId, queue.owner, queue.name, id, name, payload],
  ).catch((error) => {
    // The database does not take every text for JSON; what it does not take, nobody reads.
    if (!/json|Unicode|stack depth/.test(error.message)) throw error;
  });
}

/** Each was run at least once; what would be tried again is then set aside. */
async function lookedAt({ stack }) {
  const open = `source = 'job' AND external_id LIKE 'bench-%' AND settled_at IS NULL AND parked_at IS NULL`;
  for (const until = performance.now() + 6_000; performance.now() < until; await sleep(100)) {
    const [{ left }] = await ask(
      stack.databaseUrl,
      `SELECT count(*)::int AS left FROM journal.items WHERE ${open} AND attempts = 0 AND due_at < now()`,
    );
    if (left === 0) break;
  }
  await ask(
    stack.databaseUrl,
    `UPDATE journal.items SET settled_at = now(), outcome = 'skipped', reason = 'bench' WHERE ${open}`,
  );
}

/** Jobs that somebody who has the queue's login puts into it. */
async function laneJobs(scene, watch) {
  const { LANES } = await import(pathToFileURL(join(ROOT, CONTRACTS)).href);
  const { tenant, seed, size } = scene;
  const { hostname, port } = new URL(scene.fleet.redis.url);
  const connection = { host: hostname, port: Number(port) };
  const samples = [
    { name: 'a job', value: { merchantId: tenant.merchantId, stream: 'bench', others: ['a', 'b'] } },
  ];
  for (const [i, { name: lane }] of LANES.entries()) {
    const queue = new Queue(lane, { connection, prefix: process.env.QUEUE_PREFIX ?? 'waco' });
    for (const { name, text } of spoilt({
      samples,
      bytes: MEBIBYTE,
      count: size.jobs,
      seed: seed + 100 + i,
    })) {
      await watch.during(`${lane}: ${name}`, async () => {
        await queue
          .add('bench', valueOf(text), { removeOnComplete: true, removeOnFail: true })
          .catch((error) => {
            // What is nested too deeply for its client does not get into the queue.
            if (!(error instanceof RangeError)) throw error;
          });
        await sleep(100);
      });
    }
    await queue.close();
  }
}

/** Everything that an operator may look at, of merchants whose rows are full of junk. */
async function readings(scene, watch) {
  const { call, good, tenant } = scene;
  for (const { merchantId } of [good, tenant]) {
    const of = `/v1/merchants/${merchantId}`;
    const lists = ['threads', 'messages', 'deliveries', 'orders', 'webhooks'];
    for (const path of [
      ...lists.map((list) => `${of}/${list}?limit=200&unmasked=true`),
      ...[`${of}/export`, '/v1/quarantine?limit=200', '/v1/dead-letters?limit=200', '/v1/audit?limit=200'],
    ]) {
      await watch.during(`GET ${path}`, async () => {
        const answer = await call('GET', path);
        watch.answered(answer);
        for (const { id, threadId } of (answer.body.items ?? []).slice(0, 20)) {
          const one = `${path.split('?')[0]}/${id ?? threadId}`;
          watch.answered(await call('GET', one));
          if (/threads/.test(path)) watch.answered(await call('GET', `${one}/timeline?limit=200`));
        }
      });
    }
    const from = new Date(Date.now() - 3_600_000).toISOString();
    await watch.during(`POST ${of}/replay`, async () =>
      watch.answered(
        await call('POST', `${of}/replay`, { from, to: new Date().toISOString(), dryRun: true }),
      ),
    );
  }
}

async function greet({ fleet, good }) {
  const sandbox = http(fleet.stack.urls.sandbox);
  const customer = await Customer.create(sandbox, good.phoneNumberId, { name: 'After', patienceMs: 10_000 });
  await customer.write('hi');
  await customer.next('a greeting');
}
