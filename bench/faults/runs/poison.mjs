import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { ROOT } from '../../../deploy/local/settings.mjs';
import { median } from '../../lib/compare.mjs';
import { phoneOf, textWebhook } from '../../lib/customers.mjs';
import { ask } from '../../lib/database.mjs';
import { allReady, ordeal, portBase, saturate } from '../../lib/ordeal.mjs';
import { RECEIVE } from '../../lib/readback.mjs';
import { tutorialOrdeal } from '../../lib/tutorial.mjs';
import { NOTHING_WRONG } from '../goals.mjs';

const LONG = { rounds: 3, measureMs: 30_000, killMs: 120_000 };
const QUICK = { rounds: 1, measureMs: 6_000, killMs: 12_000 };
/** One message in so many always throws; one in so many ends the process. */
const THROWS = 100;
const KILLS = 1_000;
/** So that there is one to redrive in each way. */
const AT_LEAST = 2;
/** All attempts of a message with their pauses, and room. */
const PARKED_WITHIN_MS = 60_000;
const PRELOAD = pathToFileURL(join(ROOT, 'bench', 'lib', 'poison.mjs')).href;
const FIRST_POISONED = 5_000_000;

export default {
  name: 'poison',
  about: 'messages that always throw, and messages that end the process',
  ownFleet: true,
  rate: { long: 5, quick: 2 },
  goals: [
    ...NOTHING_WRONG,
    {
      name: 'poison among the dead letters, with its reason',
      figure: ['waco', 'share of poison buried'],
      atLeast: 1,
    },
    {
      name: 'dead letters redriven from the dashboard',
      figure: ['waco', 'redriven from the dashboard'],
      atLeast: 1,
    },
    {
      name: 'dead letters redriven from the command',
      figure: ['waco', 'redriven from the command'],
      atLeast: 1,
    },
    {
      name: 'throughput of the rest, of what it is without poison',
      figure: ['waco', 'throughput with throwing messages / without'],
      atLeast: 0.95,
    },
    {
      name: 'the same with messages that end the process',
      figure: ['waco', 'throughput with killing messages / without'],
      atLeast: 0.95,
      longOnly: true,
    },
  ],
  run: async ({ quick, perSecond, log }) => {
    const cure = join(tmpdir(), `bench-poison-${portBase()}-cured`);
    const size = quick ? QUICK : LONG;
    const env = { NODE_OPTIONS: `--import ${PRELOAD}`, BENCH_POISON_CURE: cure };
    const cured = (use) => {
      rmSync(cure, { force: true });
      return use().finally(() => rmSync(cure, { force: true }));
    };
    const result = await cured(() =>
      ordeal({
        ...{ perSecond, log, replay: false },
        fleet: { env },
        inject: (scene) => poison({ ...scene, cure }, size),
      }),
    );
    if (quick) return result;
    const inject = (scene) => poisonOfBot({ ...scene, cure }, size);
    return { ...result, tutorial: await cured(() => tutorialOrdeal({ perSecond, log, env, inject })) };
  },
};

async function poison(scene, size) {
  const { fleet, shoppers, log, cure } = scene;
  const { poisoned, kills, deaths, figures } = await give(scene, size);
  const buried = await untilBuried(fleet.stack.databaseUrl, [...poisoned, ...kills]);
  log(`${buried.length} of ${poisoned.length + kills.length} are dead letters; ${deaths.count} deaths`);
  writeFileSync(cure, '');
  await allReady(fleet);
  const byDashboard = await redriveFromDashboard(fleet);
  const byCommand = await redriveFromCommand(fleet);
  await untilAnswered(fleet, [...poisoned, ...kills]);
  deaths.stop();
  for (const p of [...poisoned, ...kills]) shoppers.adopt(p);
  return {
    ...figures,
    'deaths of the process': deaths.count,
    'share of poison buried': buried.length / (poisoned.length + kills.length),
    'redriven from the dashboard': byDashboard,
    'redriven from the command': byCommand,
  };
}

/** Nobody buries or redrives there: what failed stays among the failed jobs. */
async function poisonOfBot(scene, size) {
  const { deaths, figures } = await give(scene, size);
  writeFileSync(scene.cure, '');
  deaths.stop();
  await allReady(scene.fleet);
  return { ...figures, 'deaths of the process': deaths.count };
}

/** Throughput without poison, beside messages that throw, and beside messages that kill; the dead are started again. */
async function give(scene, { rounds, measureMs, killMs }) {
  const { fleet, log } = scene;
  const poisoned = [];
  await saturate(scene, measureMs / 2); // the first figure of a cold process says nothing
  const without = [];
  const withThrows = [];
  for (let i = 0; i < rounds; i++) {
    without.push(await saturate(scene, measureMs));
    withThrows.push(await alongside(scene, measureMs, poisoned, THROWS, 'poison-throw'));
  }
  log(
    `${poisoned.length} messages that throw; without ${without.join(', ')}, with ${withThrows.join(', ')} turns/s`,
  );
  const deaths = reviveAll(fleet);
  const kills = [];
  const withKills = await alongside(scene, killMs, kills, KILLS, 'poison-kill');
  log(`${kills.length} messages that kill: ${deaths.count} deaths so far`);
  const figures = {
    'messages that throw': poisoned.length,
    'messages that kill': kills.length,
    'throughput without poison, turns/s': median(without),
    'throughput with throwing messages / without': median(withThrows) / median(without),
    'throughput with killing messages / without': withKills / median(without),
  };
  return { poisoned, kills, deaths, figures };
}

/** Throughput of good customers while poison comes in among them, one message in `every`. */
async function alongside(scene, ms, sent, every, word) {
  const before = scene.fleet.vendor.sent.length;
  const end = performance.now() + ms;
  const dose = async () => {
    for (let given = 0; performance.now() < end; await sleep(20)) {
      const turns = scene.fleet.vendor.sent.length - before;
      for (; given < AT_LEAST + turns / every; given++) sent.push(await post(scene, word));
    }
  };
  const [rate] = await Promise.all([saturate(scene, ms), dose()]);
  return rate;
}

let number = 0;
async function post({ fleet, shoppers }, word) {
  const n = FIRST_POISONED + number++;
  const merchant = fleet.merchants[n % fleet.merchants.length];
  const phone = phoneOf(n);
  const appSecret = fleet.stack.secrets.whatsappAppSecret;
  const webhook = textWebhook({ merchant, phone, text: `${word} zq${n}x0`, appSecret });
  while ((await shoppers.poster.post(webhook)) !== 200) await sleep(250);
  return { id: webhook.id, n, merchant, phone };
}

/** A platform starts again what dies. */
function reviveAll({ stack }) {
  const deaths = { count: 0, stop: () => (stopped = true) };
  let stopped = false;
  for (const service of Object.values(stack.processes)) {
    service.onDeath = () => {
      if (stopped) return;
      deaths.count += 1;
      service.start();
    };
  }
  return deaths;
}

async function untilBuried(url, poison) {
  for (const until = performance.now() + PARKED_WITHIN_MS; ; await sleep(500)) {
    const rows = await ask(
      url,
      `SELECT id, reason FROM journal.items
       WHERE name = '${RECEIVE}' AND parked_at IS NOT NULL AND payload->>'messageId' = ANY($1)
         AND reason <> ''`,
      [poison.map((p) => p.id)],
    );
    if (rows.length === poison.length || performance.now() > until) return rows;
  }
}

/** As an operator does: logs in, opens the queue's failed jobs, presses "retry" at one. */
async function redriveFromDashboard({ stack }) {
  const base = `http://127.0.0.1:${stack.ports.admin}`;
  const login = await fetch(`${base}/login`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ key: stack.secrets.operatorKey, next: '/queues' }),
  });
  const headers = { cookie: (login.headers.get('set-cookie') ?? '').split(';')[0] };
  const listed = await fetch(
    `${base}/queues/api/queues?activeQueue=threads&status=failed&page=1&jobsPerPage=10`,
    {
      headers,
    },
  );
  const { queues } = await listed.json();
  const jobs = queues.find((q) => q.name === 'threads').jobs;
  const [job] = jobs;
  if (!job) return 0;
  const answer = await fetch(`${base}/queues/api/queues/threads/${job.id}/retry`, {
    method: 'PUT',
    headers,
  });
  if (!answer.ok) return 0;
  for (const until = performance.now() + 30_000; performance.now() < until; await sleep(200)) {
    const [{ redriven }] = await ask(
      stack.databaseUrl,
      'SELECT count(*)::int AS redriven FROM journal.items WHERE redrives > 0',
    );
    if (redriven > 0) return redriven;
  }
  return 0;
}

/** `npm run waco -- dead-letters redrive --all`: the rest. */
async function redriveFromCommand({ stack }) {
  const cli = join(ROOT, 'dist', 'apps', 'admin', 'src', 'waco.cli.js');
  const args = [
    cli,
    '--url',
    `http://127.0.0.1:${stack.ports.admin}`,
    'dead-letters',
    'redrive',
    '--all',
    '--json',
  ];
  const env = { ...process.env, WACO_API_KEY: stack.secrets.operatorKey };
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    env,
    cwd: ROOT,
    maxBuffer: 2 ** 26,
  });
  return JSON.parse(stdout).items.length;
}

async function untilAnswered({ vendor }, poison, limitMs = 60_000) {
  const phones = new Set(poison.map((p) => p.phone));
  for (const until = performance.now() + limitMs; performance.now() < until; await sleep(200)) {
    const answered = new Set(vendor.sent.map((m) => m.to).filter((to) => phones.has(to)));
    if (answered.size === phones.size) return;
  }
}
