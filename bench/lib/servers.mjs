import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { startPostgres } from '../../deploy/local/postgres.mjs';
import { Problem, ROOT } from '../../deploy/local/settings.mjs';
import { startRedis } from './redis.mjs';

/** Services run as in production, where they refuse one that somebody made up. */
/** Of every role. */
export const PASSWORD = randomBytes(16).toString('hex');
const CLOCK_TICKS = Number(execFileSync('getconf', ['CLK_TCK']));

/**
 * A PostgreSQL and a Redis of the benchmark's own, empty, and everything that was started on them stopped by `close`.
 * The database waits for the disk at each commit unless `flags` say otherwise; Redis writes an append-only file.
 */
export async function startServers({ flags = [], redis = true } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  chmodSync(folder, 0o755); // the OS user that the server runs as has to pass
  const processes = [];
  const postgres = await startPostgres({
    folder: join(folder, 'postgres'),
    port: await freePort(),
    password: PASSWORD,
    logFile: join(folder, 'postgres.log'),
    flags: ['-c', 'jit=off', ...flags],
  });
  const close = async () => {
    for (const p of processes.toReversed()) await p.stop();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const queue = redis ? await startRedis({ folder, port: await freePort() }) : undefined;
    if (queue) processes.push(queue);
    return {
      folder,
      postgres,
      redis: queue,
      /** A migrated database: `url(role)` connects as that role, without one as the owner. */
      database: (name) => makeDatabase(postgres, name),
      /** A Node process that is ready when `http://127.0.0.1:port/<ready>` answers. */
      async start(name, script, { env, port, ready = 'health/ready', nodeFlags = [] }) {
        const started = startNode(folder, name, [...nodeFlags, join(ROOT, script)], env);
        processes.push(started);
        await untilAnswering(started, `http://127.0.0.1:${port}/${ready}`);
        return started;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function makeDatabase(postgres, name) {
  const owner = new pg.Client({ connectionString: postgres.url('postgres') });
  await owner.connect();
  await owner.query(`CREATE DATABASE ${name}`);
  await owner.end();
  const { MIGRATIONS, migrate, SERVICE_ROLES } = await import('../../dist/migrations/index.js');
  const passwords = Object.fromEntries(SERVICE_ROLES.map((role) => [role, PASSWORD]));
  await migrate({ url: postgres.url(name), migrations: MIGRATIONS, passwords });
  const url = (role) => {
    const own = new URL(postgres.url(name));
    if (role) Object.assign(own, { username: role, password: PASSWORD });
    return own.href;
  };
  return { url };
}

function startNode(folder, name, args, env) {
  const logFile = join(folder, `${name}.log`);
  const log = openSync(logFile, 'a', 0o600);
  const own = { PATH: process.env.PATH, ...env };
  const child = spawn(process.execPath, args, { cwd: ROOT, env: own, stdio: ['ignore', log, log] });
  closeSync(log);
  const exited = new Promise((done) => child.once('exit', done));
  const onExit = () => child.kill('SIGKILL'); // does not stay behind, however this process ends
  process.once('exit', onExit);
  void exited.then(() => process.off('exit', onExit));
  const running = () => child.exitCode === null && child.signalCode === null;
  return {
    name,
    pid: child.pid,
    logFile,
    running,
    async stop() {
      if (!running()) return;
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await exited;
      clearTimeout(late);
    },
  };
}

async function untilAnswering(started, url) {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await sleep(50)) {
    if (!started.running()) break;
    const ok = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
  }
  throw new Problem(`${started.name} did not start:\n${readFileSync(started.logFile, 'utf8').slice(-2_000)}`);
}

/** Milliseconds of processor time that these processes and their children have used so far. */
export function cpuMs(...pids) {
  const tree = pids.flatMap((pid) => [pid, ...childrenOf(pid)]);
  return tree.reduce((sum, pid) => sum + ticksOf(pid), 0) * (1_000 / CLOCK_TICKS);
}

function childrenOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return text ? text.split(' ').map(Number) : [];
  } catch {
    return [];
  }
}

/** utime, stime, cutime and cstime: fields 14 to 17 of proc(5), here without the two before the process's state. */
function ticksOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0);
  } catch {
    return 0;
  }
}

/** A port between 23000 and 23999 that nothing listens on. */
export async function freePort() {
  for (;;) {
    const port = 23_000 + Math.floor(Math.random() * 1_000);
    const free = await new Promise((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
    });
    if (free) return port;
  }
}
