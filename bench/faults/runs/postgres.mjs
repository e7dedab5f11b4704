import { setTimeout as sleep } from 'node:timers/promises';
import { ask, idleConnections } from '../../lib/database.mjs';
import { allReady, durations, ordeal, saturate, untilReply } from '../../lib/ordeal.mjs';
import { tutorialOrdeal } from '../../lib/tutorial.mjs';
import { AS_REPLAYED, NOTHING_WRONG } from '../goals.mjs';

const LONG = { restarts: 20, terminatingMs: 120_000, idle: 300, idleMs: 20_000, measureMs: 20_000 };
const QUICK = { restarts: 2, terminatingMs: 6_000, idle: 300, idleMs: 4_000, measureMs: 5_000 };

export default {
  name: 'postgres',
  about: 'the database is restarted at once, ends its sessions, and is full of idle ones',
  ownFleet: true,
  rate: { long: 30, quick: 6 },
  goals: [
    ...NOTHING_WRONG,
    AS_REPLAYED,
    {
      name: 'answers to webhooks that are neither 200 nor 503',
      figure: ['waco', 'other answers'],
      atMost: 0,
    },
    {
      name: 'throughput afterwards, to that before',
      figure: ['waco', 'throughput after / before'],
      atLeast: 0.95,
    },
  ],
  run: async ({ quick, perSecond, log }) => {
    const size = quick ? QUICK : LONG;
    const inject = (scene) => trouble(scene, size);
    const result = await ordeal({
      perSecond,
      log,
      fleet: { ownDatabase: true },
      prepare: (scene) => before(scene, size),
      inject,
      conclude: (scene) => after(scene, size),
    });
    return quick ? result : { ...result, tutorial: await tutorialOrdeal({ perSecond, log, inject }) };
  },
};

async function before(scene, { measureMs }) {
  await saturate(scene, measureMs); // the first figure of a cold process says nothing
  scene.before = await saturate(scene, measureMs);
}

async function trouble({ fleet, shoppers, log }, { restarts, terminatingMs, idle, idleMs }) {
  const { database, vendor } = fleet;
  const recoveries = [];
  for (let i = 0; i < restarts; i++) {
    await sleep(1_000 + Math.random() * 2_000);
    await database.crash();
    await database.start();
    recoveries.push(await untilReply(vendor, performance.now()));
  }
  log(`${restarts} restarts; now sessions are ended`);
  let ended = 0;
  for (const until = performance.now() + terminatingMs; performance.now() < until; await sleep(500)) {
    ended += await endSessions(database.url);
  }
  const afterSessions = await untilReply(vendor, performance.now());
  log(`${ended} sessions ended; now ${idle} connections that do nothing`);
  const idlers = await idleConnections(database.url, idle);
  await sleep(idleMs);
  await idlers.close();
  const afterIdle = await untilReply(vendor, performance.now());
  await allReady(fleet);
  const { 503: busy = 0, ...other } = shoppers.refused;
  return {
    ...{ restarts, 'sessions ended': ended, 'idle connections that were let in': idlers.count },
    'answers 503': busy,
    'other answers': Object.values(other).reduce((a, b) => a + b, 0),
    ...durations('recovery after a restart', recoveries),
    'next reply after ended sessions, s': afterSessions / 1_000,
    'next reply after idle connections, s': afterIdle / 1_000,
  };
}

async function after(scene, { measureMs }) {
  const after = await saturate(scene, measureMs);
  return {
    'throughput before, turns/s': scene.before,
    'throughput after, turns/s': after,
    'throughput after / before': after / scene.before,
  };
}

async function endSessions(url) {
  const rows = await ask(
    url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND datname = current_database()`,
  );
  return rows.length;
}
