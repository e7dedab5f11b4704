import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { say, step } from './console.mjs';
import { onboardDemo } from './demo.mjs';
import { environmentOf, urlsOf } from './environment.mjs';
import { dataFolder, startPostgres, stopLeftBehind } from './postgres.mjs';
import { checkPorts, ServiceProcess } from './processes.mjs';
import { checkReachable } from './reachable.mjs';
import { claim } from './run-file.mjs';
import { loadSecrets } from './secrets.mjs';
import { portsFrom, Problem, QUEUE_ROLE, ROOT, SERVICES } from './settings.mjs';

const DATABASE = 'waco';
/** How long a killed stack's processes may take to let go of their ports. */
const LEAVING_MS = 12_000;
/** A service that dies more often than this within a minute is not started again. */
const LIVES = 3;

/**
 * Starts a whole stack from what `dist/` holds: PostgreSQL (unless `databaseUrl`, the owner's, is given), the six
 * services, the sandbox, and the demo merchant. `onDeath` is told when a process dies, and by default it is written to
 * stderr; with `revive`, a service is started again, and `onDeath` is told of what keeps dying and of PostgreSQL.
 * @param {{ dataDir: string, portBase: number, host?: string, databaseUrl?: string, queueUrl?: string,
 *   env?: Record<string, string>, envOf?: Record<string, Record<string, string>>, quiet?: boolean, demo?: boolean, revive?: boolean, signal?: AbortSignal,
 *   onDeath?: (name: string, text: string) => void }} options
 *   `host` is what the services listen on, 127.0.0.1 unless given; `env` is added to every service's environment,
 *   and `envOf[service]` to that of one; `demo: false` leaves the stack without a merchant;
 *   `signal` breaks a start off.
 * @returns {Promise<{ urls: Record<string, string>, ports: Record<string, number>, secrets: object,
 *   merchant: object | undefined, databaseUrl: string, processes: Record<string, ServiceProcess>,
 *   kill(service: string): Promise<void>, restart(service: string): Promise<void>, stop(): Promise<void> }>}
 *   `databaseUrl` is the owner's connection; `kill` is kill -9; `restart` waits until the service is ready.
 * @throws Problem, with everything that was started stopped again.
 */
export async function startStack(options) {
  const { portBase, host = '127.0.0.1', queueUrl, quiet = false, env = {}, envOf = {}, signal } = options;
  const dataDir = resolve(ROOT, options.dataDir);
  const ports = portsFrom(portBase);
  if (!existsSync(join(ROOT, 'dist', 'migrations', 'index.js')))
    throw new Problem('Build first: npm run build');
  const lock = claim(dataDir, { portBase, host });
  const processes = {};
  let postgres;
  let ready = false;
  let stopping = false;

  const tell = options.onDeath ?? ((_name, text) => process.stderr.write(`${text}\n`));
  // Before readiness a death is an error of the start itself, which says why.
  const onDeath = (name, text) => ready && !stopping && tell(name, text);
  const deaths = [];
  const onServiceDeath = (service) => {
    if (!ready || stopping) return;
    const minute = deaths.filter((death) => death.name === service.name && death.at > Date.now() - 60_000);
    if (!options.revive || minute.length >= LIVES) return tell(service.name, service.obituary());
    deaths.push({ name: service.name, at: Date.now() });
    void revive(service);
  };
  const revive = async (service) => {
    if (!quiet) say(`\n${service.name} stopped (${service.end}): starting it again, as its platform would`);
    service.start();
    try {
      await service.untilReady(signal);
      if (!quiet) say(`${service.name} is back`);
    } catch (error) {
      // One that has died again is another death.
      if (service.running && !stopping) tell(service.name, error.message);
    }
  };
  const stop = async () => {
    stopping = true;
    await Promise.all(Object.values(processes).map((p) => p.stop()));
    await postgres?.stop();
    lock.release();
  };

  try {
    const logs = join(dataDir, 'logs');
    mkdirSync(logs, { recursive: true });
    const secrets = loadSecrets(dataDir);
    const { postgres: databasePort, ...servicePorts } = ports;
    if (queueUrl) await checkReachable('QUEUE_URL', queueUrl);
    const embedded = !options.databaseUrl;
    if (embedded) await stopLeftBehind(dataFolder(join(dataDir, 'postgres')));
    await checkPorts(embedded ? { ...servicePorts, postgres: databasePort } : servicePorts, {
      patienceMs: lock.unclean ? LEAVING_MS : 0,
    });

    let databaseUrl = options.databaseUrl;
    if (embedded) {
      postgres = await step(
        'PostgreSQL',
        () =>
          startPostgres({
            folder: join(dataDir, 'postgres'),
            port: databasePort,
            password: secrets.databaseOwner,
            logFile: join(logs, 'postgres.log'),
          }),
        { quiet },
      );
      void postgres.exited.then(() =>
        onDeath('postgres', `PostgreSQL stopped by itself: see ${join(logs, 'postgres.log')}`),
      );
      if (postgres.movedFrom && !quiet) {
        say(`    its data is in ${postgres.folder}: the database's user cannot reach ${postgres.movedFrom}`);
      }
      databaseUrl = postgres.url(DATABASE);
    }
    goOn(signal);
    await step(
      'Database schema',
      () =>
        migrateDatabase({
          url: databaseUrl,
          create: postgres && { url: postgres.url('postgres'), name: DATABASE },
          passwords: passwordsOf(secrets, queueUrl === undefined),
          queue: queueUrl === undefined,
        }),
      { quiet },
    );

    goOn(signal);
    const context = { ports, portBase, host, dataDir, secrets, databaseUrl, queueUrl };
    for (const name of Object.keys(SERVICES)) {
      const environment = environmentOf(name, { ...context, env: { ...env, ...envOf[name] } });
      processes[name] = new ServiceProcess(name, ports[name], environment, logs, onServiceDeath);
    }
    await step('Services', () => startAll(Object.values(processes), signal), { quiet });
    ready = true;

    goOn(signal);
    const urls = urlsOf(ports, host);
    const merchant =
      options.demo === false
        ? undefined
        : await step('Demo merchant', () => onboardDemo({ urls, secrets, dataDir }), { quiet });

    return {
      urls,
      ports,
      secrets,
      merchant,
      databaseUrl,
      processes,
      kill: (name) => find(processes, name).kill(),
      restart: async (name) => {
        const service = find(processes, name);
        await service.stop();
        service.start();
        await service.untilReady();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The queue's role is there only if the queue is in PostgreSQL. */
function passwordsOf({ roles: { [QUEUE_ROLE]: queue, ...services } }, queueInPostgres) {
  return queueInPostgres ? { ...services, [QUEUE_ROLE]: queue } : services;
}

function find(processes, name) {
  if (!processes[name]) throw new Error(`no service ${name}: there are ${Object.keys(processes).join(', ')}`);
  return processes[name];
}

async function startAll(services, signal) {
  for (const service of services) service.start();
  await Promise.all(services.map((service) => service.untilReady(signal)));
}

function goOn(signal) {
  if (signal?.aborted) throw new Problem('Stopped before it was ready.');
}

/** @throws Problem with the one line that says what is wrong. */
function migrateDatabase(task) {
  return new Promise((done, reject) => {
    const child = spawn(process.execPath, [join(ROOT, 'deploy', 'local', 'migrate.mjs')], {
      cwd: ROOT,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk) => (said += chunk));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? done() : reject(new Problem(said.trim() || `exit code ${code}`)),
    );
    child.stdin.end(JSON.stringify(task));
  });
}
