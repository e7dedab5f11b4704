import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { percentile } from '../../lib/compare.mjs';
import { cartWebhook, textWebhook } from '../../lib/customers.mjs';
import { ask } from '../../lib/database.mjs';
import { startFleet } from '../../lib/fleet.mjs';
import { portBase } from '../../lib/ordeal.mjs';
import { untilFewDue } from '../../lib/readback.mjs';
import { Turns } from '../../lib/turns.mjs';

const HOSTILE = fileURLToPath(new URL('../../lib/hostile.mjs', import.meta.url));
const APP_SECRET = 'the-secret-of-a-hostile-app-1234';
const SKU = 'TEE-WHT';
/** Of the good merchant: customers who write, calls of its back office, syncs of its shop. */
const CALL_EVERY_MS = 250;
const SYNC_EVERY_MS = 4_000;
/** Well beyond what the platform lets one merchant do. */
const API_PER_SECOND = 100;
const WEBHOOKS_PER_SECOND = 60;
/** `whimMs`: more than twice is wrong when it is also more than a slow machine's whim. */
const LONG = { seconds: 60, alone: 60, whimMs: 200 };
const QUICK = { seconds: 8, alone: 12, whimMs: 1_000 };

const NOTHING = { shop: 'good', apiPerSecond: 0, webhooksPerSecond: 0 };
/** A few of its customers ask for prices, so that a bad shop is asked. */
const ASKED = { ...NOTHING, webhooksPerSecond: 1 };
/** What the hostile merchant does, one after the other. */
const DEEDS = {
  'a slow shop': { ...ASKED, shop: 'slow' },
  'an endless shop': { ...ASKED, shop: 'endless' },
  'a huge shop': { ...ASKED, shop: 'huge' },
  'an erroring shop': { ...ASKED, shop: 'erroring' },
  'a flood of API calls': { ...NOTHING, apiPerSecond: API_PER_SECOND },
  'a flood of webhooks': { ...NOTHING, webhooksPerSecond: WEBHOOKS_PER_SECOND },
};

const WAITS = ['turn', 'call', 'sync'];

export default {
  name: 'neighbours',
  about: 'a hostile merchant (bad shops, floods of calls and of webhooks) beside a good one',
  ownFleet: true,
  rate: { long: 5, quick: 5 },
  goals: Object.keys(DEEDS).flatMap((deed) =>
    WAITS.map((wait) => ({
      name: `${wait} beside ${deed}, of alone`,
      figure: ['waco', `${wait} p95 beside ${deed} / alone`],
      atMost: 2,
    })),
  ),
  run: ({ quick, perSecond, log }) => run({ ...(quick ? QUICK : LONG), perSecond, log }),
};

async function run({ seconds, alone, whimMs, perSecond, log }) {
  // All of them call from one address here.
  const env = { LOG_LEVEL: 'warn', RATE_LIMIT_PER_ADDRESS: '100000' };
  const fleet = await startFleet({ portBase: portBase(), merchants: 2, env });
  const [good, bad] = fleet.merchants;
  const office = await BackOffice.open(fleet, good);
  // A shop at an address of this machine is connected by operators only.
  const operator = new BackOffice(fleet, good, fleet.stack.secrets.operatorKey);
  const { baseUrl, region } = await office.call('GET', '/store');
  const { shopApiKey: apiKey, shopWebhookSecret: webhookSecret } = fleet.stack.secrets;
  const store = { baseUrl, region, apiKey, webhookSecret };
  const hostile = await startHostile(fleet, bad);
  const turns = new Turns(fleet, { say, journal: false, only: [good] });
  try {
    await measure(alone); // a cold process says nothing
    const before = await measure(alone);
    const figures = {};
    const problems = [];
    const beside = {};
    for (const [deed, settings] of Object.entries(DEEDS)) {
      await hostile.does(settings);
      await sleep(1_000);
      beside[deed] = await measure(seconds);
      const { counts } = await hostile.does(NOTHING);
      log(`${deed}: ${line(beside[deed])}; it got ${JSON.stringify(counts).replaceAll('"', '')}`);
      await turns.check();
      await untilFewDue(fleet.stack.databaseUrl, 4, 120_000); // each deed is looked at by itself
    }
    const after = await measure(alone);
    await turns.check();
    log(`alone: ${line(before)}, and afterwards ${line(after)}`);
    for (const wait of WAITS) {
      const own = p95([...before[wait], ...after[wait]]);
      figures[`${wait} p95 alone, ms`] = own;
      for (const deed of Object.keys(DEEDS)) {
        const with95 = p95(beside[deed][wait]);
        figures[`${wait} p95 beside ${deed}, ms`] = with95;
        figures[`${wait} p95 beside ${deed} / alone`] = with95 / own;
        if (with95 > 2 * own && with95 > own + whimMs)
          problems.push(`${wait}: p95 ${Math.round(with95)} ms beside ${deed}, ${Math.round(own)} ms alone`);
      }
    }
    return { figures, problems };
  } finally {
    turns.close();
    hostile.stop();
    await fleet.stop();
  }

  /** What the good merchant waits for, in milliseconds. */
  async function measure(forSeconds) {
    const until = performance.now() + forSeconds * 1_000;
    const [turn, call, sync] = await Promise.all([
      turns.open({ perSecond, seconds: forSeconds, merchants: [good] }),
      every(CALL_EVERY_MS, until, () => office.call('GET', '/orders?limit=20')),
      every(SYNC_EVERY_MS, until, () => operator.sync(store)),
    ]);
    return { turn: turn.latencies, call, sync };
  }
}

/** A greeting, a search, a cart: one answer each. */
function say(message, n) {
  if (n % 3 === 0) return textWebhook({ ...message, text: 'hi' });
  if (n % 3 === 1) return textWebhook({ ...message, text: 'hoodie' });
  return cartWebhook({ ...message, sku: SKU });
}

/** Milliseconds of each, begun so often: those that it says, or that it took. */
async function every(ms, until, act) {
  const waits = [];
  const all = [];
  for (let due = performance.now(); due < until; due += ms) {
    await sleep(Math.max(0, due - performance.now()));
    const from = performance.now();
    all.push(act().then((ms) => waits.push(typeof ms === 'number' ? ms : performance.now() - from)));
  }
  await Promise.all(all);
  return waits;
}

/** What the back office of a merchant does, with a key of its own. */
class BackOffice {
  static async open(fleet, merchant) {
    const office = new BackOffice(fleet, merchant, fleet.stack.secrets.operatorKey);
    office.key = (await office.call('POST', '/api-keys', { name: 'back office' })).key;
    return office;
  }

  constructor({ stack }, { merchantId }, key) {
    Object.assign(this, { stack, merchantId, key });
  }

  async call(method, path, body) {
    const answer = await fetch(`${this.stack.urls.admin}/v1/merchants/${this.merchantId}${path}`, {
      ...{ method, body: JSON.stringify(body) },
      headers: { authorization: `Bearer ${this.key}`, 'content-type': 'application/json' },
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return JSON.parse(text);
  }

  /** Connects its shop anew; resolves with how long it was due until it had been read, in milliseconds. */
  async sync(store) {
    const [{ last }] = await ask(
      this.stack.databaseUrl,
      'SELECT coalesce(max(id), 0) AS last FROM journal.items',
    );
    await this.call('PUT', '/store', store);
    for (const until = performance.now() + 60_000; performance.now() < until; await sleep(100)) {
      const [sync] = await ask(
        this.stack.databaseUrl,
        `SELECT due_at, settled_at FROM journal.items WHERE merchant_id = $1 AND id > $2
           AND name = 'catalog.sync-store.v1' AND payload ->> 'mode' = 'full' ORDER BY id LIMIT 1`,
        [this.merchantId, last],
      );
      if (sync?.settled_at) return sync.settled_at - sync.due_at;
    }
    throw new Error('the shop was not read in a minute');
  }
}

/** With an app, keys and a shop of its own. */
async function startHostile({ stack }, merchant) {
  const { urls, secrets } = stack;
  const shopPort = portBase() + 63;
  const operator = new BackOffice({ stack }, merchant, secrets.operatorKey);
  const app = await operator.call('PUT', '/meta-apps/hostile', {
    appSecret: APP_SECRET,
    verifyToken: APP_SECRET,
  });
  const keys = [];
  for (let i = 0; i < 4; i++)
    keys.push((await operator.call('POST', '/api-keys', { name: `hostile ${i}` })).key);
  const store = {
    ...{ baseUrl: `http://127.0.0.1:${shopPort}`, region: 'AE' },
    ...{ apiKey: secrets.shopApiKey, webhookSecret: secrets.shopWebhookSecret },
  };
  const child = fork(HOSTILE);
  const next = () => new Promise((done) => child.once('message', done));
  child.send({
    ...{ shopPort, adminUrl: urls.admin, webhookUrl: app.webhookUrl, appSecret: APP_SECRET, keys, store },
    ...{ merchantId: merchant.merchantId, merchant, sku: SKU },
  });
  await next();
  await operator.call('PUT', '/store', store);
  return {
    /** Changes what the hostile merchant does. Resolves with the answers that it got to what it did before. */
    does(settings) {
      const counts = next();
      child.send(settings);
      // A shop is read when it is connected.
      if (settings.shop !== 'good') void operator.call('PUT', '/store', store).catch(() => undefined);
      return counts;
    },
    stop: () => child.kill(),
  };
}

const sorted = (all) => all.toSorted((a, b) => a - b);
const p95 = (all) => percentile(sorted(all), 0.95);
const line = (measured) => WAITS.map((wait) => `${wait} ${Math.round(p95(measured[wait]))}`).join(', ');
