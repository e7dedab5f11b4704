import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Problem, ROOT } from './settings.mjs';

const READY_LIMIT_MS = 90_000;
const STOP_LIMIT_MS = 10_000;
const LEASH = pathToFileURL(join(ROOT, 'deploy', 'local', 'leash.mjs')).href;

/** @throws Problem naming the first port that something else listens on. */
export async function checkPorts(ports, { patienceMs = 0 } = {}) {
  for (const [name, port] of Object.entries(ports)) {
    const deadline = Date.now() + patienceMs;
    while (!(await isFree(port))) {
      if (Date.now() >= deadline) {
        throw new Problem(
          `Port ${port} (${name}) is taken. Free it, or move all of Waco's ports: WACO_PORT_BASE=4000 npm start`,
        );
      }
      await sleep(200);
    }
  }
}

/** `localhost` may be ::1 first: what listens there would get what is meant for a service on 127.0.0.1. */
async function isFree(port) {
  return (await isFreeOn(port, '0.0.0.0')) && (await isFreeOn(port, '::1'));
}

function isFreeOn(port, host) {
  return new Promise((resolve) => {
    const server = createServer();
    // A machine without IPv6 has no such address, which nobody can take either.
    server.once('error', ({ code }) => resolve(['EADDRNOTAVAIL', 'EAFNOSUPPORT'].includes(code)));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** One service as a process: started, watched, stopped. */
export class ServiceProcess {
  /** @param {(service: ServiceProcess) => void} onDeath called when it ends without having been told to. */
  constructor(name, port, env, logFolder, onDeath) {
    this.name = name;
    this.port = port;
    this.env = env;
    this.main = join(ROOT, 'dist', 'apps', name, 'main.js');
    this.logFile = join(logFolder, `${name}.log`);
    this.onDeath = onDeath;
    this.wanted = false;
    mkdirSync(logFolder, { recursive: true });
  }

  get running() {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  start() {
    const log = openSync(this.logFile, 'a', 0o600);
    const child = spawn(process.execPath, ['--enable-source-maps', '--import', LEASH, this.main], {
      cwd: ROOT,
      env: this.env,
      stdio: ['ignore', log, log, 'ipc'],
      detached: true, // Ctrl-C is for the stack, which then stops its services in order
    });
    closeSync(log);
    child.channel?.unref();
    this.child = child;
    this.wanted = true;
    this.exited = new Promise((done) => child.once('exit', done));
    child.once('exit', () => {
      if (this.wanted && this.child === child) this.onDeath(this);
    });
  }

  /** Resolves when `/health/ready` answers 200. @throws Problem when it ends before, or takes too long. */
  async untilReady(signal) {
    let last = 'no answer';
    for (const deadline = Date.now() + READY_LIMIT_MS; Date.now() < deadline; await sleep(100)) {
      if (signal?.aborted) throw new Problem('Stopped before it was ready.');
      if (!this.running) throw new Problem(this.obituary());
      try {
        const response = await fetch(`http://127.0.0.1:${this.port}/health/ready`, {
          signal: AbortSignal.timeout(3_000),
        });
        if (response.ok) return;
        last = `${response.status} ${await response.text()}`;
      } catch {
        continue; // not listening yet
      }
    }
    throw new Problem(
      `${this.name} is not ready after ${READY_LIMIT_MS / 1_000} s: ${last} (see ${this.logFile})`,
    );
  }

  /** How it ended, in two words. */
  get end() {
    return this.child?.signalCode ? `signal ${this.child.signalCode}` : `exit code ${this.child?.exitCode}`;
  }

  /** One line about how it ended, and what it logged last. */
  obituary() {
    const log = existsSync(this.logFile) ? readFileSync(this.logFile, 'utf8').trimEnd().split('\n') : [];
    // A service that cannot start says why on a line of its own.
    const recent = log.slice(-50);
    const reason = recent.findLastIndex((line) => line.startsWith('could not start:'));
    const rest = recent.slice(reason + 1).findIndex((line) => line.startsWith('{'));
    const last =
      reason < 0 ? recent.slice(-8) : recent.slice(reason, rest < 0 ? undefined : reason + 1 + rest);
    return [`${this.name} stopped (${this.end}). Its last lines, from ${this.logFile}:`, ...last].join(
      '\n  ',
    );
  }

  /** kill -9, on purpose. */
  async kill() {
    this.wanted = false;
    if (!this.running) return;
    this.child.kill('SIGKILL');
    await this.exited;
  }

  /** SIGTERM, and kill -9 after ten seconds. */
  async stop() {
    this.wanted = false;
    if (!this.running) return;
    this.child.kill('SIGTERM');
    const late = setTimeout(() => this.child.kill('SIGKILL'), STOP_LIMIT_MS);
    await this.exited;
    clearTimeout(late);
  }
}
