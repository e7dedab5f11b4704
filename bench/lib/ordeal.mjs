import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from './compare.mjs';
import { phoneOf, textWebhook } from './customers.mjs';
import { startFleet } from './fleet.mjs';
import { countEffects, untilQuiet } from './readback.mjs';
import { forgetRun, replayAndCompare } from './replay.mjs';
import { Shoppers } from './shoppers.mjs';

/** Webhooks that come with one turn: the customer's message, its reply's three statuses. */
export const WEBHOOKS_PER_TURN = 4;
const WARM_UP_MS = 3_000;

/**
 * A whole stack under load, a fault, and the books after it.
 * @param {{ fleet?: object, start?: Function, perSecond: number, shoppers?: object,
 *   inject: (scene: object) => Promise<object>, prepare?: Function, conclude?: Function, replay?: boolean,
 *   log: (line: string) => void }} options
 *   `fleet`: options of {@link startFleet}, or of `start`, which takes its place; `perSecond`: customers' messages;
 *   `shoppers`: options of {@link Shoppers}; what a scene finds wrong besides, it adds to its `problems`; `inject` is called under load, which goes on until it resolves, with figures of its own; `prepare` and `conclude`
 *   (with figures) before and after, without load; `replay: false` where the same journal cannot be played again.
 * @returns {Promise<{ figures: Record<string, number>, problems: string[] }>} `problems` is empty when nothing was lost,
 *   doubled or disordered, and the end state is that of a replay.
 */
export async function ordeal({
  fleet: options,
  start,
  perSecond,
  prepare = () => undefined,
  shoppers: whoShop = {},
  inject,
  conclude = () => undefined,
  replay = true,
  log,
}) {
  const fleet = start ? await start({ portBase: portBase(), ...options }) : await fleetFor(options);
  const url = fleet.stack.databaseUrl;
  const shoppers = new Shoppers({
    fleet,
    active: Math.max(40, perSecond * 4),
    first: shared.people,
    ...whoShop,
  });
  let whole = false;
  try {
    const scene = { fleet, shoppers, log, problems: [] };
    await prepare(scene);
    let over = false;
    const load = shoppers.write(perSecond, () => over);
    await sleep(WARM_UP_MS);
    log('the fault begins');
    const began = performance.now();
    const own = await inject(scene).finally(() => (over = true));
    const faultMs = performance.now() - began;
    await load;
    await shoppers.finish();
    log('the load is over; waiting until everything is done');
    const quiet = await untilQuiet(url);
    await shoppers.settled();
    const last = await conclude(scene);
    await untilQuiet(url);
    await shoppers.settled();
    const { acknowledged, repeated } = shoppers;
    const refused = { ...shoppers.refused };
    const { counts, examples } = await countEffects({
      url,
      vendor: fleet.vendor,
      log: shoppers.log,
      threads: shoppers.threads,
    });
    log(`read back: ${JSON.stringify(counts)}`);
    for (const example of examples) log(example);
    const replayed = replay ? await replayAndCompare({ url }) : undefined;
    if (replayed) log(`replayed: ${replayed.differences.length} differences in ${replayed.compared} threads`);
    whole = true;
    return {
      figures: {
        'webhooks acknowledged': acknowledged,
        'webhooks not acknowledged, and repeated': sum(refused),
        'webhooks that came twice': repeated,
        ...counts,
        'left undone': quiet.left,
        ...(replayed
          ? {
              'threads compared': replayed.compared,
              'differences from the replay': replayed.differences.length,
            }
          : {}),
        'length of the fault, s': faultMs / 1_000,
        'settled after the load, s': quiet.ms / 1_000,
        ...own,
        ...last,
      },
      problems: [...scene.problems, ...problemsOf(counts, quiet, examples, replayed)],
      refused,
    };
  } finally {
    shoppers.close();
    await leave(fleet, shoppers, whole);
  }
}

/** With `on`, runs that ask for nothing special of their stack use one and the same, one after the other. */
const shared = { on: false, fleet: undefined, people: 0 };

export function shareFleet() {
  shared.on = true;
}

export async function endSharing() {
  await shared.fleet?.stop();
  shared.fleet = undefined;
}

async function fleetFor(options) {
  if (!shared.on || options) return startFleet({ portBase: portBase(), ...options });
  shared.fleet ??= await startFleet({ portBase: portBase() });
  return shared.fleet;
}

/** A stack of its own is stopped; so is a shared one whose run was broken off. */
async function leave(fleet, shoppers, whole) {
  if (fleet !== shared.fleet) return fleet.stop();
  if (!whole) return endSharing();
  shared.people += shoppers.threads.length;
  fleet.vendor.sent.length = 0;
  return forgetRun(fleet.stack.databaseUrl);
}

export const portBase = () => Number(process.env.WACO_PORT_BASE ?? 25_000);

function problemsOf(counts, quiet, examples, replayed) {
  const wrong = counts.lost + counts.doubled + counts.disordered + counts.deadLetters + quiet.left;
  return [
    ...(wrong > 0 ? examples : []),
    ...(quiet.left > 0 ? [`${quiet.left} items are left undone`] : []),
    ...(replayed?.differences.slice(0, 5) ?? []),
  ];
}

/** Milliseconds from `since` to the first reply at the vendor after it; the load must still be on. */
export async function untilReply(vendor, since, limitMs = 60_000) {
  for (const from = vendor.sent.length; performance.now() - since < limitMs; await sleep(10)) {
    const reply = vendor.sent.slice(from).find((m) => m.at > since);
    if (reply) return reply.at - since;
  }
  return limitMs;
}

/** `p50`, `p95` and `worst` of durations, in seconds, each named after `what`. */
export function durations(what, all) {
  const sorted = [...all].sort((a, b) => a - b);
  if (sorted.length === 0) return {};
  return {
    [`${what} p50, s`]: percentile(sorted, 0.5) / 1_000,
    [`${what} p95, s`]: percentile(sorted, 0.95) / 1_000,
    [`${what} worst, s`]: sorted.at(-1) / 1_000,
  };
}

/**
 * Turns a second at saturation: so many customers, each of whom writes again as soon as the answer is there. They are
 * people of their own, one message each, and their effects are read back with all others.
 */
export async function saturate({ fleet, shoppers }, ms, customers = 48) {
  const { stack, merchants } = fleet;
  const until = performance.now() + ms;
  const waiting = new Map();
  shoppers.onReply = ({ to }) => waiting.get(to)?.();
  let turns = 0;
  const customer = async () => {
    while (performance.now() < until) {
      const { n, phone, merchant } = newcomer(merchants);
      const reply = new Promise((done) => waiting.set(phone, done));
      const text = `zq${n}x0`;
      await shoppers.poster.post(
        textWebhook({ merchant, phone, text, appSecret: stack.secrets.whatsappAppSecret }),
      );
      await Promise.race([reply, sleep(20_000, undefined, { ref: false })]);
      waiting.delete(phone);
      turns += 1;
    }
  };
  const from = performance.now();
  await Promise.all(Array.from({ length: customers }, customer));
  shoppers.onReply = () => undefined;
  return turns / ((performance.now() - from) / 1_000);
}

let newcomers = 0;
function newcomer(merchants) {
  const n = 1_000_000 + newcomers++;
  return { n, phone: phoneOf(n), merchant: merchants[n % merchants.length] };
}

/** Kills a service at once and starts it again, as its platform would. Does not wait until it is ready. */
export async function killAndStart(service) {
  await service.kill();
  service.start();
}

/** Nothing that a fault broke may stay broken: starts what is down and waits for all. */
export async function allReady({ stack }) {
  await Promise.all(
    Object.values(stack.processes).map(async (service) => {
      if (!service.running) service.start();
      await service.untilReady();
    }),
  );
}

export const sum = (record) => Object.values(record).reduce((a, b) => a + b, 0);

/** Turns a second between two moments, by what reached the vendor. */
export function throughput(vendor, from, to) {
  return vendor.sent.filter((m) => m.at >= from && m.at < to).length / ((to - from) / 1_000);
}
