import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpuMs } from './servers.mjs';

/** Process ids of what startFleet() or startBot() has started, by name, its servers included. */
export function processesOf({ stack, redis, dataDir }) {
  const pids = {};
  for (const [name, { child }] of Object.entries(stack.processes)) pids[name] = child.pid;
  pids.postgres = Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
  if (redis) pids.redis = redis.process.pid;
  return pids;
}

/**
 * Starts counting. Returns a function that says how many milliseconds of processor each process has used since; the
 * `driver`, which is this process, stands apart.
 */
export function countCpu(pids) {
  const now = () => Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, cpuMs(pid)]));
  const before = now();
  const own = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(own);
    const systems = Object.entries(now()).map(([name, ms]) => [name, ms - before[name]]);
    return { systems: Object.fromEntries(systems), driver: (user + system) / 1_000 };
  };
}

export const sum = (values) => Object.values(values).reduce((total, value) => total + value, 0);

/** Resident memory of each process in MB, without its children. */
export function residentMb(pids) {
  return Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, residentOf(pid)]));
}

function residentOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1_024;
}
