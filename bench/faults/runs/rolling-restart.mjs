import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Balancer, replicaOf } from '../../lib/balance.mjs';
import { ordeal, portBase } from '../../lib/ordeal.mjs';
import { tutorialOrdeal } from '../../lib/tutorial.mjs';
import { AS_REPLAYED, NOTHING_WRONG } from '../goals.mjs';

const ROUNDS = { long: 20, quick: 1 };
const SERVICES = ['conversation', 'catalog-sync', 'checkout', 'outbound', 'admin'];
/** A deployment takes a replica out of its balancer before it stops it. */
const DRAIN_MS = 200;

export default {
  name: 'rolling-restart',
  about:
    'every service is stopped by SIGTERM and started again, one after the other; the gateway has two replicas',
  rate: { long: 30, quick: 6 },
  goals: [
    ...NOTHING_WRONG,
    AS_REPLAYED,
    { name: 'answers to webhooks other than 2xx', figure: ['waco', 'answers other than 2xx'], atMost: 0 },
    { name: 'stalled jobs', figure: ['waco', 'stalled jobs'], atMost: 0 },
    { name: 'stops that took more than ten seconds', figure: ['waco', 'had to be killed'], atMost: 0 },
  ],
  run: async ({ quick, perSecond, log }) => {
    const [first, second] = [portBase(), portBase() + 70];
    const balancer = new Balancer([first, second].map((port) => `http://127.0.0.1:${port}`));
    let replica;
    const result = await ordeal({
      perSecond,
      log,
      shoppers: { poster: balancer },
      prepare: async ({ fleet }) => {
        replica = replicaOf(fleet, 'ingest-gateway', second);
        replica.start();
        await replica.untilReady();
      },
      inject: (scene) => roll(scene, ROUNDS[quick ? 'quick' : 'long'], { balancer, replica }),
    }).finally(() => replica?.stop());
    if (quick) return result;
    const onBot = (scene) => rollBot(scene, ROUNDS.long);
    return { ...result, tutorial: await tutorialOrdeal({ perSecond, log, inject: onBot }) };
  },
};

async function rollBot({ fleet, shoppers }, rounds) {
  const seenBefore = shoppers.answersSeen.length;
  for (let i = 0; i < rounds; i++) {
    for (const service of Object.values(fleet.stack.processes)) await restart(service);
  }
  return { 'answers other than 2xx': refusals(shoppers, seenBefore) };
}

function refusals(shoppers, from) {
  return shoppers.answersSeen.slice(from).filter((a) => a.status < 200 || a.status > 299).length;
}

async function roll({ fleet, shoppers, log }, rounds, { balancer, replica }) {
  const stalled = await stalledJobs(fleet.redis.url);
  const { processes } = fleet.stack;
  const seenBefore = shoppers.answersSeen.length;
  const stops = [];
  for (let i = 0; i < rounds; i++) {
    for (const [at, gateway] of [processes['ingest-gateway'], replica].entries()) {
      balancer.drain(at);
      await sleep(DRAIN_MS);
      stops.push(await restart(gateway));
      balancer.undrain(at);
    }
    for (const name of SERVICES) stops.push(await restart(processes[name]));
    if (i % 5 === 4) log(`${i + 1} rounds`);
  }
  const seen = shoppers.answersSeen.slice(seenBefore);
  return {
    restarts: stops.length,
    'answers other than 2xx': refusals(shoppers, seenBefore),
    'stalled jobs': await stalled.count(),
    'had to be killed': stops.filter((s) => s.killed).length,
    'longest stop, s': Math.max(...stops.map((s) => s.ms)) / 1_000,
    'longest answer to a webhook, s': Math.max(...seen.map((a) => a.ms)) / 1_000,
  };
}

async function restart(service) {
  const from = performance.now();
  await service.stop();
  const stopped = { ms: performance.now() - from, killed: service.child.signalCode === 'SIGKILL' };
  service.start();
  await service.untilReady();
  return stopped;
}

/** Jobs whose worker let go of them without saying so: the queue library says it on each queue's stream of events. */
async function stalledJobs(url) {
  const redis = new Redis(url);
  const seen = new Map();
  let stalled = 0;
  const look = async () => {
    for (const key of await redis.keys('*:events')) {
      const events = await redis.xrange(key, seen.has(key) ? `(${seen.get(key)}` : '-', '+');
      stalled += events.filter(([, fields]) => fields.includes('stalled')).length;
      if (events.length > 0) seen.set(key, events.at(-1)[0]);
    }
  };
  await look();
  stalled = 0;
  let looking = look();
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, 1_000);
  return {
    async count() {
      clearInterval(timer);
      await looking;
      await look();
      redis.disconnect();
      return stalled;
    },
  };
}
