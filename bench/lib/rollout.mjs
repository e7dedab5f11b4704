import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { environmentOf } from '../../deploy/local/environment.mjs';
import { ServiceProcess } from '../../deploy/local/processes.mjs';
import { loadSecrets } from '../../deploy/local/secrets.mjs';
import { ROOT } from '../../deploy/local/settings.mjs';

/** Each can run beside one of the other release. The catalog's questions go to one port: it is replaced in place. */
const BESIDE = ['ingest-gateway', 'conversation', 'checkout', 'outbound', 'admin'];
const IN_PLACE = ['catalog-sync', ...BESIDE.toReversed()];
/** A deployment takes a replica out of its balancer before it stops it. */
const DRAIN_MS = 200;

/** The first port of processes that run beside those of the stack. */
export const besidePort = (portBase) => portBase + 70;

/** `npm run migrate` of this release, on a fleet of another. @returns what it says that it ran. */
export async function migrateFleet({ stack, redis }) {
  const { roles } = stack.secrets;
  const env = {
    ...process.env,
    DATABASE_URL: stack.databaseUrl,
    QUEUE_URL: redis.url,
    ROLE_PASSWORDS: Object.entries(roles)
      .filter(([role]) => role !== 'waco_queue')
      .map(([role, password]) => `${role}:${password}`)
      .join(),
  };
  const cli = join(ROOT, 'dist', 'migrations', 'cli.js');
  const { stdout } = await promisify(execFile)(process.execPath, [cli], { cwd: ROOT, env });
  return stdout.trim();
}

/**
 * Replaces a fleet's services by those of this release, one after the other, in three steps: one of this release beside each;
 * then each of the former release stops, and one of this release takes its place; then those beside them stop. So every
 * service of either release meets every service of the other, and for a while there are two of each.
 * @param {{ fleet: object, portBase: number, pauseMs: number, balancer: object, env: Record<string, string>,
 *   log: (line: string) => void, between?: Function }} options
 *   `balancer` stands before two gateways, of which there is only the first so far; `env` is added to every environment;
 *   `between` is called while there are two of each.
 * @returns {Promise<{ stops: { name: string, killed: boolean }[] }>}
 */
export async function rollOut({ fleet, portBase, pauseMs, balancer, env, log, between = () => undefined }) {
  const { stack, dataDir, redis } = fleet;
  const secrets = loadSecrets(dataDir);
  const { ports, databaseUrl } = stack;
  const context = { ports, portBase, host: '127.0.0.1', dataDir, secrets, databaseUrl, queueUrl: redis.url };
  const stops = [];
  const died = (service) => log(service.obituary());

  const start = async (name, port, own = {}) => {
    const environment = environmentOf(name, { ...context, env: { ...env, ...own } });
    const service = new ServiceProcess(
      name,
      port,
      environment,
      join(dataDir, 'logs', 'new', `${port}`),
      died,
    );
    started.push(service);
    service.start();
    await service.untilReady();
    return service;
  };
  const started = [];
  const stop = async (service) => {
    await service.stop();
    stops.push({ name: service.name, killed: service.child.signalCode === 'SIGKILL' });
  };
  const beside = {};
  const ofGateway = async (name, at, work) => {
    if (name !== 'ingest-gateway') return work();
    balancer.drain(at);
    await sleep(DRAIN_MS);
    return work();
  };

  try {
    for (const [i, name] of BESIDE.entries()) {
      const port = besidePort(portBase) + i;
      beside[name] = await start(name, port, { PORT: String(port) });
      if (name === 'ingest-gateway') balancer.undrain(1);
      log(`${name}: one of this release beside the former one`);
      await sleep(pauseMs);
    }
    await between({ admin: `http://127.0.0.1:${beside.admin.port}` });
    for (const name of IN_PLACE) {
      await ofGateway(name, 0, () => stop(stack.processes[name]));
      stack.processes[name] = await start(name, ports[name]);
      if (name === 'ingest-gateway') balancer.undrain(0);
      log(`${name}: replaced`);
      await sleep(pauseMs);
    }
    for (const name of BESIDE) await ofGateway(name, 1, () => stop(beside[name]));
    return { stops };
  } catch (error) {
    await Promise.all(started.map((service) => service.stop()));
    throw error;
  }
}
