import { setTimeout as sleep } from 'node:timers/promises';
import { http } from '../../../deploy/local/customer.mjs';
import { startBadNetwork } from '../../lib/bad-network.mjs';
import { buy } from '../../lib/buyer.mjs';
import { ask } from '../../lib/database.mjs';
import { startFleet } from '../../lib/fleet.mjs';
import { portBase } from '../../lib/ordeal.mjs';
import { NOTHING_WRONG } from '../goals.mjs';

const LONG = { buyers: 24, ms: 300_000, merchants: 4 };
const QUICK = { buyers: 6, ms: 20_000, merchants: 2 };
const SHARE = 0.2;
const SKU = 'TEE-WHT';
const VENDORS = ['meta', 'stripe', 'store'];
/** Longest that one waits for everything to be settled after healing. */
const LIMIT_MS = 180_000;
/** Tasks that call a vendor. */
const CALLS = `queue IN ('sends', 'errands')`;

export default {
  name: 'network',
  about: 'a bad network before Meta, the payment provider and the shop: cut, half-open, slow, truncated',
  ownFleet: true,
  rate: { long: 0, quick: 0 },
  goals: [
    ...NOTHING_WRONG,
    { name: 'orders charged twice', figure: ['waco', 'orders charged twice'], atMost: 0 },
    { name: 'messages that arrived twice', figure: ['waco', 'messages that arrived twice'], atMost: 0 },
    {
      name: 'all settled after healing',
      figure: ['waco', 'settled after healing, s'],
      atMost: 60,
      unit: ' s',
    },
  ],
  run: ({ quick, log }) => run(quick ? QUICK : LONG, log),
};

async function run({ buyers, ms, merchants: count }, log) {
  const base = portBase();
  const networks = {};
  let fleet;
  try {
    for (const [i, name] of VENDORS.entries()) {
      networks[name] = await startBadNetwork({ port: base + 63 + i, target: base + 100 });
    }
    const env = { WHATSAPP_BASE_URL: `${networks.meta.url}/graph`, STRIPE_BASE_URL: networks.stripe.url };
    fleet = await startFleet({ portBase: base, merchants: count, env });
    await prepareShops(fleet, networks.store.url);
    log(`${buyers} people at a time buy; ${SHARE * 100} % of all calls to vendors go wrong`);
    for (const network of Object.values(networks)) network.bad(SHARE);
    const purchases = await shop(fleet, buyers, ms);
    for (const network of Object.values(networks)) network.bad(0);
    log(`${purchases.begun} purchases begun; the network is well again`);
    const settledMs = await untilSettled(fleet.stack.databaseUrl);
    const done = await Promise.all(purchases.all);
    await untilSettled(fleet.stack.databaseUrl);
    const { figures, problems } = await readBack(fleet, done);
    return {
      figures: {
        ...figures,
        ...Object.fromEntries(
          VENDORS.flatMap((v) => Object.entries(networks[v].harm).map(([kind, n]) => [`${v}: ${kind}`, n])),
        ),
        'settled after healing, s': settledMs / 1_000,
      },
      problems: settledMs >= LIMIT_MS ? [...problems, 'not everything was settled'] : problems,
    };
  } finally {
    await fleet?.stop();
    for (const network of Object.values(networks)) await network.close();
  }
}

/** Plenty of stock, and a shop that is reached through the bad network. */
async function prepareShops({ stack, merchants }, storeUrl) {
  const { urls, secrets } = stack;
  for (const { merchantId, shop } of merchants) {
    await http(urls.sandbox).patch(`/shops/${shop}/backoffice/products/${SKU}`, { available: 100_000 });
    const answer = await fetch(`${urls.admin}/v1/merchants/${merchantId}/store`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${secrets.operatorKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        baseUrl: `${storeUrl}/shops/${shop}`,
        region: 'AE',
        apiKey: secrets.shopApiKey,
        webhookSecret: secrets.shopWebhookSecret,
      }),
    });
    if (!answer.ok) throw new Error(`the shop was not moved: ${answer.status} ${await answer.text()}`);
  }
}

/** Nobody begins after `ms`; who has begun goes on. */
async function shop({ stack, merchants }, buyers, ms) {
  const until = performance.now() + ms;
  const all = [];
  const buyer = async (place) => {
    for (let i = 0; performance.now() < until; i++) {
      const { phoneNumberId } = merchants[(place + i) % merchants.length];
      const purchase = buy({
        sandboxUrl: stack.urls.sandbox,
        phoneNumberId,
        name: `B ${place}-${i}`,
        sku: SKU,
      });
      all.push(purchase);
      await Promise.race([purchase, sleep(Math.max(0, until - performance.now()))]);
    }
  };
  await Promise.all(Array.from({ length: buyers }, (_, place) => buyer(place)));
  return { begun: all.length, all };
}

/** Until no call to a vendor is open that was begun before now, and no message is in doubt. */
async function untilSettled(url) {
  const from = performance.now();
  const [{ now }] = await ask(url, 'SELECT clock_timestamp() AS now');
  for (; performance.now() - from < LIMIT_MS; await sleep(250)) {
    const [{ left }] = await ask(
      url,
      `SELECT (SELECT count(*) FROM journal.items WHERE ${CALLS} AND settled_at IS NULL AND parked_at IS NULL
                 AND created_at <= $1)::int
            + (SELECT count(*) FROM outbound.messages WHERE state IN ('sending', 'indeterminate')
                 AND called_at <= $1)::int AS left`,
      [now],
    );
    if (left === 0) break;
  }
  return performance.now() - from;
}

async function readBack({ stack, merchants }, done) {
  const sandbox = http(stack.urls.sandbox);
  const problems = [];
  const counts = { lost: 0, doubled: 0, disordered: 0 };
  const note = (kind, text) => {
    counts[kind] += 1;
    if (problems.length < 10) problems.push(`${kind}: ${text}`);
  };
  const { sessions, payments } = await sandbox.get('/control/stripe/ledger');
  const refOf = new Map(sessions.map((s) => [s.id, s.client_reference_id]));
  const charged = tally(payments.filter((p) => p.status === 'succeeded').map((p) => refOf.get(p.session)));
  const twiceCharged = [...charged].filter(([, n]) => n > 1);
  for (const [ref, n] of twiceCharged) note('doubled', `order ${ref} was charged ${n} times`);

  const books = await Promise.all(
    merchants.map(({ shop: id }) => sandbox.get(`/shops/${id}/backoffice/orders`)),
  );
  const orders = tally(books.flatMap((b) => b.orders.map((o) => o.orderRef)));
  for (const [ref, n] of orders) if (n > 1) note('doubled', `order ${ref} stands ${n} times in the shop`);
  const paid = done.filter((p) => p.paid);
  for (const { orderRef, told } of paid) {
    if (!charged.has(orderRef)) note('lost', `order ${orderRef} was paid and there is no charge`);
    if (!orders.has(orderRef)) note('lost', `order ${orderRef} was paid and the shop does not have it`);
    if (!told) note('lost', `nobody was told that order ${orderRef} is paid`);
  }

  const { accepted } = await sandbox.get('/control/meta/ledger');
  const arrived = tally(accepted.map((a) => a.bizOpaqueCallbackData));
  const twice = [...arrived].filter(([, n]) => n > 1);
  for (const [ref, n] of twice) note('doubled', `message ${ref} arrived ${n} times`);
  const messages = await ask(
    stack.databaseUrl,
    `SELECT message_id AS id, state, possible_duplicate AS twice, indeterminate_at IS NOT NULL AS doubted
     FROM outbound.messages`,
  );
  for (const { id, state } of messages)
    if (!arrived.has(id)) note('lost', `message ${id} (${state}) did not arrive`);
  const [{ dead }] = await ask(
    stack.databaseUrl,
    'SELECT count(*)::int AS dead FROM journal.items WHERE parked_at IS NOT NULL AND settled_at IS NULL',
  );
  return {
    problems,
    figures: {
      'purchases begun': done.length,
      'purchases paid': paid.length,
      'given up by the customer': done.length - paid.length,
      messages: messages.length,
      ...counts,
      'orders charged twice': twiceCharged.length,
      'messages that arrived twice': twice.length,
      'ambiguous sends': messages.filter((m) => m.doubted).length,
      'sent once more': messages.filter((m) => m.twice).length,
      'dead letters': dead,
    },
  };
}

function tally(values) {
  const counts = new Map();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
