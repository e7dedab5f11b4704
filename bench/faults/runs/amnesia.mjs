import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { newWamid, statusWebhook } from '../../lib/customers.mjs';
import { ask } from '../../lib/database.mjs';
import { durations, ordeal, untilReply } from '../../lib/ordeal.mjs';
import { tutorialOrdeal } from '../../lib/tutorial.mjs';
import { AS_REPLAYED, NOTHING_WRONG } from '../goals.mjs';

const FLUSHES = { long: 5, quick: 2 };
const BACKLOG = { long: 20_000, quick: 500 };
const POSTS_AT_ONCE = 64;

export default {
  name: 'amnesia',
  about: 'the queue server forgets everything, under load and with a backlog',
  rate: { long: 30, quick: 6 },
  goals: [
    ...NOTHING_WRONG,
    AS_REPLAYED,
    {
      name: 'wake-ups rebuilt, per 100,000 pending',
      figure: ['waco', 'rebuilt, s per 100,000 pending'],
      atMost: 30,
      unit: ' s',
      longOnly: true,
    },
  ],
  run: async ({ quick, perSecond, log }) => {
    const size = quick ? 'quick' : 'long';
    const inject = (scene) => forget(scene, FLUSHES[size], BACKLOG[size]);
    const result = await ordeal({ perSecond, log, inject });
    if (quick) return result;
    const onBot = (scene) => empty(scene, FLUSHES.long);
    return { ...result, tutorial: await tutorialOrdeal({ perSecond, log, inject: onBot }) };
  },
};

async function forget({ fleet, shoppers, log }, flushes, pending) {
  const figures = await empty({ fleet }, flushes);
  log(`emptied ${flushes} times; now with a backlog of ${pending}`);
  const redis = new Redis(fleet.redis.url);
  try {
    return { ...figures, ...(await rebuild({ fleet, shoppers, redis, pending, log })) };
  } finally {
    redis.disconnect();
  }
}

async function empty({ fleet }, flushes) {
  const redis = new Redis(fleet.redis.url);
  const recoveries = [];
  for (let i = 0; i < flushes; i++) {
    await sleep(1_000 + Math.random() * 2_000);
    await redis.flushall();
    recoveries.push(await untilReply(fleet.vendor, performance.now()));
  }
  redis.disconnect();
  return { flushes, ...durations('next reply', recoveries) };
}

/** A backlog of statuses, which nobody takes up as their service is down: each is a stream of its own. */
async function rebuild({ fleet, shoppers, redis, pending, log }) {
  const { stack, merchants } = fleet;
  await stack.kill('outbound');
  let left = pending;
  const post = async () => {
    while (left-- > 0) {
      const wamid = newWamid();
      const about = {
        merchant: merchants[left % merchants.length],
        phone: '971500000000',
        status: 'sent',
        wamid,
      };
      await shoppers.poster.post(statusWebhook({ ...about, appSecret: stack.secrets.whatsappAppSecret }));
    }
  };
  await Promise.all(Array.from({ length: POSTS_AT_ONCE }, post));
  const [{ now: flushedAt }] = await ask(stack.databaseUrl, 'SELECT clock_timestamp() AS now');
  await redis.flushall();
  const service = stack.processes.outbound;
  service.start();
  await service.untilReady();
  const from = performance.now();
  log(`${await unsettled(stack.databaseUrl, flushedAt)} statuses pending, nothing in the queue`);
  let rebuiltMs;
  for (;;) {
    const [work, jobs] = [await unsettled(stack.databaseUrl, flushedAt), await wakeUps(redis)];
    const ms = performance.now() - from;
    if (jobs >= work) rebuiltMs ??= ms;
    if (work === 0 || ms > 600_000) {
      return {
        backlog: pending,
        'wake-ups rebuilt, s': (rebuiltMs ?? ms) / 1_000,
        'rebuilt, s per 100,000 pending': (((rebuiltMs ?? ms) / 1_000) * 100_000) / pending,
        'backlog worked off, s': ms / 1_000,
      };
    }
    await sleep(250);
  }
}

/** Streams that had work when the queue was emptied, and still have. */
async function unsettled(url, before) {
  const [{ streams }] = await ask(
    url,
    `SELECT count(DISTINCT (merchant_id, stream))::int AS streams FROM journal.items
     WHERE settled_at IS NULL AND parked_at IS NULL AND name = 'outbound.record-status.v1'
       AND created_at < $1`,
    [before],
  );
  return streams;
}

/** Streams of the queue that statuses are on which have a wake-up: waiting, running or delayed. */
async function wakeUps(redis) {
  const keys = (await redis.keys('*:recipients*:*')).filter((k) =>
    /:(wait|active|delayed|prioritized)$/.test(k),
  );
  const jobs = await Promise.all(
    keys.map(async (key) => {
      const ids = await (/(wait|active)$/.test(key) ? redis.lrange(key, 0, -1) : redis.zrange(key, 0, -1));
      return ids.map((id) => key.replace(/[^:]+$/, id));
    }),
  );
  const wakeUps = await Promise.all(jobs.flat().map((job) => redis.hget(job, 'data')));
  return wakeUps.filter(Boolean).reduce((sum, data) => sum + 1 + (JSON.parse(data).others?.length ?? 0), 0);
}
