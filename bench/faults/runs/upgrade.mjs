import { setTimeout as sleep } from 'node:timers/promises';
import { Balancer } from '../../lib/balance.mjs';
import { commitOf, startFleetOf } from '../../lib/before.mjs';
import { failing, FORMER_RELEASE, FormerLife } from '../../lib/former-life.mjs';
import { ordeal, portBase } from '../../lib/ordeal.mjs';
import { besidePort, migrateFleet, rollOut } from '../../lib/rollout.mjs';
import { NOTHING_WRONG } from '../goals.mjs';

const LONG = { each: 6, formerMs: 60_000, onNewSchemaMs: 20_000, pauseMs: 8_000, merchants: 5 };
const QUICK = { each: 2, formerMs: 3_000, onNewSchemaMs: 2_000, pauseMs: 500, merchants: 3 };

export default {
  name: 'upgrade',
  about:
    'under load, the former release migrates to this one, whose services take its place one after the other',
  ownFleet: true,
  rate: { long: 15, quick: 5 },
  /** Why it cannot run here, if so. */
  missing: ({ from = FORMER_RELEASE }) =>
    commitOf(from) ? undefined : `git's history here has no commit ${from}: name another one with --from`,
  goals: [
    ...NOTHING_WRONG,
    ...[
      'answers other than 2xx',
      'had to be killed',
      'dead letters of the upgrade',
      'orders that ended otherwise',
      'items of before that it did not',
      'connections that could not be read',
      'prices that did not arrive',
    ].map((figure) => ({ name: figure, figure: ['waco', figure], atMost: 0 })),
  ],
  run: async ({ quick, perSecond, log, from = FORMER_RELEASE }) => {
    const size = quick ? QUICK : LONG;
    const start = await startFleetOf(from);
    const base = portBase();
    const balancer = new Balancer([base, besidePort(base)].map((port) => `http://127.0.0.1:${port}`));
    balancer.drain(1);
    let life;
    const result = await ordeal({
      ...{ perSecond, log, start, replay: false },
      fleet: { merchants: size.merchants, env: failing(base) },
      shoppers: { poster: balancer },
      prepare: async (scene) => {
        life = new FormerLife(scene, size.each);
        await life.begin();
        scene.fleet.merchants = life.on;
        log('the former release has begun what is to be ended');
      },
      inject: (scene) => upgrade(scene, { life, balancer, base, size }),
      conclude: (scene) => {
        scene.fleet.merchants = [...life.on, life.off];
        return life.end();
      },
    });
    return { ...result, former: commitOf(from) };
  },
};

async function upgrade({ fleet, shoppers, log, problems }, { life, balancer, base, size }) {
  await sleep(size.formerMs);
  const seenBefore = shoppers.answersSeen.length;
  log(await migrateFleet(fleet));
  await sleep(size.onNewSchemaMs);
  const repricing = repriceAll(life);
  const { stops } = await rollOut({
    ...{ fleet, balancer, log, portBase: base, pauseMs: size.pauseMs },
    env: { WHATSAPP_BASE_URL: `${fleet.vendor.url}/graph` },
    between: async ({ admin }) => {
      await life.changeSecrets(fleet.stack.urls.admin, admin);
      await life.orders.payInTheUpgrade();
    },
  });
  await repricing.stop();
  const killed = stops.filter((s) => s.killed);
  for (const { name } of killed) problems.push(`${name} did not stop within ten seconds`);
  const seen = shoppers.answersSeen.slice(seenBefore);
  return {
    'processes replaced': stops.length,
    'had to be killed': killed.length,
    'answers other than 2xx': seen.filter((a) => a.status < 200 || a.status > 299).length,
    'longest answer to a webhook, s': Math.max(...seen.map((a) => a.ms)) / 1_000,
  };
}

/** The shops' prices move all the while. */
function repriceAll(life) {
  const stopping = new AbortController();
  const moving = (async () => {
    for (; !stopping.signal.aborted; await sleep(1_000)) await life.reprice();
  })();
  return {
    stop: () => {
      stopping.abort();
      return moving;
    },
  };
}
