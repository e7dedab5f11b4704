import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../../deploy/local/settings.mjs';
import { ask, startDatabase } from './database.mjs';
import { portBase } from './ordeal.mjs';
import { countReplies, groupBy } from './readback.mjs';
import { startRedis } from './redis.mjs';
import { Shoppers } from './shoppers.mjs';
import { startVendor } from './vendor.mjs';

const APP_SECRET = 'bench-app-secret';
const QUIET_MS = 10_000;
const QUIET_LIMIT_MS = 120_000;

/**
 * The same customers and the same fault, on a bot of the tutorials' kind: the gateway adds a job for each request, the
 * worker does what the job says. `env`: of its processes, beside what they need.
 * @returns its figures: messages, lost, doubled, disordered.
 */
export async function tutorialOrdeal({ perSecond, inject, log, env }) {
  log('the same on the tutorial');
  const fleet = await startBot(portBase() + 200, env);
  const shoppers = new Shoppers({ fleet, active: Math.max(40, perSecond * 4), statuses: [] });
  try {
    let over = false;
    const load = shoppers.write(perSecond, () => over);
    await sleep(3_000);
    const own = await inject({ fleet, shoppers, log }).finally(() => (over = true));
    await load;
    await shoppers.finish();
    await untilQuiet(fleet.vendor);
    const counts = await count(fleet, shoppers);
    log(`tutorial: ${JSON.stringify(counts)}`);
    return {
      'webhooks acknowledged': shoppers.acknowledged,
      'webhooks that came twice': shoppers.repeated,
      ...counts,
      ...own,
    };
  } finally {
    shoppers.close();
    await fleet.stop();
  }
}

/** The bot with its servers, on ports from `base` on, in the form that startFleet() gives. */
export async function startBot(base, more = {}) {
  const dataDir = mkdtempSync(join(tmpdir(), 'tutorial-'));
  chmodSync(dataDir, 0o755); // the OS user that the database runs as has to pass
  const redis = await startRedis({ folder: dataDir, port: base + 3 });
  const vendor = await startVendor({ sandboxUrl: 'http://127.0.0.1:9', port: base + 4 });
  const database = await startDatabase({ folder: dataDir, port: base + 5 });
  await ask(database.url, 'CREATE TABLE carts (phone text PRIMARY KEY, quantity integer NOT NULL)');
  const env = {
    PATH: process.env.PATH,
    REDIS_URL: redis.url,
    DATABASE_URL: database.url,
    VENDOR_URL: vendor.url,
    APP_SECRET,
    ...more,
  };
  const gateway = restartable('dist/bench/comparisons/tutorial/main.js', base, env, '/webhooks/health');
  const bot = restartable('bench/comparisons/bot/worker.mjs', base + 1, env, '/');
  const processes = { gateway, bot };
  for (const p of Object.values(processes)) p.start();
  await Promise.all(Object.values(processes).map((p) => p.untilReady()));
  const merchant = { wabaId: '1', phoneNumberId: '500', displayPhoneNumber: '971500000000' };
  const stack = {
    processes,
    urls: { gateway: `http://127.0.0.1:${base}` },
    secrets: { whatsappAppSecret: APP_SECRET },
  };
  return { stack, redis, vendor, database, dataDir, merchants: [merchant], stop };

  async function stop() {
    for (const p of Object.values(processes)) await p.kill();
    await vendor.close();
    await redis.stop();
    await database.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function restartable(script, port, env, ready) {
  let wanted = false;
  const end = async (signal) => {
    wanted = false;
    if (!service.running) return;
    const gone = new Promise((done) => service.child.once('exit', done));
    service.child.kill(signal);
    await gone;
  };
  const service = {
    child: undefined,
    /** Called when it ends without having been told to. */
    onDeath: () => undefined,
    get running() {
      return service.child?.exitCode === null && service.child.signalCode === null;
    },
    start() {
      wanted = true;
      const child = spawn(process.execPath, [join(ROOT, script)], {
        cwd: ROOT,
        env: { ...env, PORT: String(port) },
        stdio: 'ignore',
      });
      service.child = child;
      const onExit = () => child.kill('SIGKILL');
      process.once('exit', onExit);
      child.once('exit', () => {
        process.off('exit', onExit);
        if (wanted) service.onDeath();
      });
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    async untilReady() {
      for (const until = Date.now() + 60_000; Date.now() < until; await sleep(50)) {
        const answer = await fetch(`http://127.0.0.1:${port}${ready}`).catch(() => undefined);
        if (answer?.ok) return;
      }
      throw new Error(`${script} did not start`);
    },
  };
  return service;
}

/** Nothing tells when such a bot is done: when it has said nothing for a while, longer than its stalled check takes. */
async function untilQuiet(vendor) {
  let last = -1;
  for (const until = performance.now() + QUIET_LIMIT_MS; performance.now() < until;) {
    last = vendor.sent.length;
    await sleep(QUIET_MS);
    if (vendor.sent.length === last) await sleep(3 * QUIET_MS); // a stalled job comes back after up to half a minute
    if (vendor.sent.length === last) return;
  }
}

async function count({ vendor, database }, { log, threads }) {
  const counts = { messages: log.length, lost: 0, doubled: 0, disordered: 0, degraded: 0 };
  const note = (kind, _text, by = 1) => (counts[kind] += by);
  const replies = groupBy(vendor.sent, (m) => m.to);
  const acked = groupBy(log, (l) => l.thread);
  const rows = await ask(database.url, 'SELECT phone, quantity FROM carts');
  const carts = new Map(rows.map((r) => [r.phone, r.quantity]));
  for (const { n, phone } of threads) {
    const messages = acked.get(n)?.length ?? 0;
    countReplies({ key: phone, messages, replies: replies.get(phone) ?? [], note });
    const off = (carts.get(phone) ?? 0) - Math.floor(messages / 2);
    if (off < 0) note('lost', phone, -off);
    if (off > 0) note('doubled', phone, off);
  }
  return counts;
}
