import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { allReady, durations, ordeal, untilReply } from '../../lib/ordeal.mjs';
import { tutorialOrdeal } from '../../lib/tutorial.mjs';
import { AS_REPLAYED, NOTHING_WRONG } from '../goals.mjs';

const FREEZE_MS = 5_000;
const LONG = { kills: 20, freezes: 20, cuts: 20 };
const QUICK = { kills: 2, freezes: 1, cuts: 2 };

export default {
  name: 'redis',
  about: 'the queue server is killed, frozen, and cuts its connections',
  rate: { long: 30, quick: 6 },
  goals: [
    ...NOTHING_WRONG,
    AS_REPLAYED,
    { name: 'ingest keeps acknowledging', figure: ['waco', 'webhooks refused'], atMost: 0 },
    { name: 'workers resume, worst', figure: ['waco', 'resumed worst, s'], atMost: 5, unit: ' s' },
    {
      name: 'longest answer of ingest',
      figure: ['waco', 'longest answer to a webhook, s'],
      atMost: 1,
      unit: ' s',
    },
  ],
  run: async ({ quick, perSecond, log }) => {
    const inject = (scene) => trouble(scene, quick ? QUICK : LONG);
    const result = await ordeal({ perSecond, log, inject });
    return quick ? result : { ...result, tutorial: await tutorialOrdeal({ perSecond, log, inject }) };
  },
};

async function trouble({ fleet, shoppers, log }, { kills, freezes, cuts }) {
  const { redis, vendor } = fleet;
  const resumed = { kill: [], freeze: [], cut: [] };
  const seenBefore = shoppers.answersSeen.length;
  const faults = [
    ...Array.from({ length: kills }, () => ({ kind: 'kill', fault: killed })),
    ...Array.from({ length: freezes }, () => ({ kind: 'freeze', fault: frozen })),
    ...Array.from({ length: cuts }, () => ({ kind: 'cut', fault: cut })),
  ];
  for (const { kind, fault } of faults) {
    await sleep(500 + Math.random() * 1_500);
    const over = await fault(redis);
    resumed[kind].push(await untilReply(vendor, over));
    if (resumed[kind].length % 5 === 0) log(`${resumed[kind].length} of ${kind}`);
  }
  await allReady(fleet);
  const seen = shoppers.answersSeen.slice(seenBefore);
  return {
    ...{ kills, freezes, 'connection cuts': cuts },
    'webhooks refused': seen.filter((a) => a.status !== 200).length,
    'longest answer to a webhook, s': Math.max(...seen.map((a) => a.ms)) / 1_000,
    ...durations('resumed after a kill', resumed.kill),
    ...durations('resumed after a freeze', resumed.freeze),
    ...durations('resumed after cut connections', resumed.cut),
    ...durations('resumed', Object.values(resumed).flat()),
  };
}

/** Each returns when the server was there again, in milliseconds of `performance.now()`. */
async function killed(redis) {
  await redis.kill();
  await sleep(Math.random() * 2_000);
  await redis.start();
  return performance.now();
}

async function frozen(redis) {
  redis.process.kill('SIGSTOP');
  await sleep(FREEZE_MS);
  redis.process.kill('SIGCONT');
  return performance.now();
}

async function cut({ url }) {
  const client = new Redis(url);
  await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  client.disconnect();
  return performance.now();
}
