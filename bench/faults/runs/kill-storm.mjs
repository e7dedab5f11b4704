import { setTimeout as sleep } from 'node:timers/promises';
import { tutorialOrdeal } from '../../lib/tutorial.mjs';
import { AS_REPLAYED, NOTHING_WRONG } from '../goals.mjs';
import {
  allReady,
  durations,
  killAndStart,
  ordeal,
  untilReply,
  WEBHOOKS_PER_TURN,
} from '../../lib/ordeal.mjs';

const KILLS = { long: 200, quick: 8 };
const WEBHOOKS = { long: 50_000, quick: 0 };
/**
 * 400 webhooks a second are 20 turns of four, each webhook five times: a kill also falls between two copies. It is more
 * than is to be acknowledged, since nobody writes on while the gateway is down.
 */
const WEBHOOKS_PER_SECOND = 400;
const COPIES = 5;
/** What commerce needs; without admin nothing of it stands still. */
const SERVICES = ['ingest-gateway', 'conversation', 'catalog-sync', 'checkout', 'outbound', 'admin'];

export default {
  name: 'kill-storm',
  about: 'kill -9 at random moments, over all services',
  rate: { long: WEBHOOKS_PER_SECOND / WEBHOOKS_PER_TURN / COPIES, quick: 6 },
  goals: [
    ...NOTHING_WRONG,
    AS_REPLAYED,
    { name: 'recovery p95', figure: ['waco', 'recovery p95, s'], atMost: 5, unit: ' s' },
    { name: 'worst recovery', figure: ['waco', 'recovery worst, s'], atMost: 10, unit: ' s' },
    {
      name: 'webhooks a second',
      figure: ['waco', 'webhooks acknowledged a second'],
      atLeast: 300,
      longOnly: true,
    },
    { name: 'webhooks', figure: ['waco', 'webhooks acknowledged'], atLeast: WEBHOOKS.long, longOnly: true },
  ],
  run: async ({ quick, perSecond, log }) => {
    const size = quick ? 'quick' : 'long';
    const inject = (scene) => storm(scene, SERVICES, KILLS[size], WEBHOOKS[size]);
    const shoppers = quick ? {} : { copies: COPIES };
    const result = await ordeal({ perSecond, log, inject, shoppers });
    if (quick) return result;
    // Two processes instead of six: as many kills for each of them.
    const kills = Math.round((KILLS.long * 2) / SERVICES.length);
    const onBot = (scene) => storm(scene, ['gateway', 'bot'], kills, 0);
    return { ...result, tutorial: await tutorialOrdeal({ perSecond, log, inject: onBot }) };
  },
};

async function storm({ fleet, shoppers, log }, services, kills, webhooks) {
  const { stack, vendor } = fleet;
  const recoveries = [];
  const [began, before] = [performance.now(), shoppers.acknowledged];
  const turns = [];
  for (let i = 0; i < kills || shoppers.acknowledged < webhooks; i++) {
    await sleep(200 + Math.random() * 1_800);
    if (turns.length === 0) turns.push(...shuffled(services));
    const at = performance.now();
    await killAndStart(stack.processes[turns.pop()]);
    recoveries.push(await untilReply(vendor, at));
    if (i % 20 === 19) log(`${i + 1} kills, ${shoppers.acknowledged} webhooks`);
  }
  const perSecond = (shoppers.acknowledged - before) / ((performance.now() - began) / 1_000);
  await allReady(fleet);
  return {
    kills: recoveries.length,
    'webhooks acknowledged a second': perSecond,
    ...durations('recovery', recoveries),
  };
}

/** Each service has its turn, in an order of chance. */
function shuffled(names) {
  return names
    .map((name) => ({ name, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ name }) => name);
}
