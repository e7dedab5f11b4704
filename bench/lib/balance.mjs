import { ServiceProcess } from '../../deploy/local/processes.mjs';
import { join } from 'node:path';
import { Poster } from './customers.mjs';

/** A second process of a service, with the environment of the first and a port of its own. */
export function replicaOf(fleet, name, port) {
  const first = fleet.stack.processes[name];
  const env = { ...first.env, PORT: String(port) };
  return new ServiceProcess(name, port, env, join(fleet.dataDir, 'logs', 'replica'), () => undefined);
}

/**
 * What stands before replicas in a deployment: takes them in turn, goes to the next one when a connection is refused,
 * and leaves one alone that is being taken down (`drain`).
 */
export class Balancer {
  #drained = new Set();
  #turn = 0;
  /** Connections that were refused and led to another replica. */
  moved = 0;

  constructor(urls) {
    this.posters = urls.map((url) => new Poster(url));
  }

  drain(i) {
    this.#drained.add(i);
  }

  undrain(i) {
    this.#drained.delete(i);
  }

  /** Resolves with the status; 0 when a replica took the request and gave no answer, or none takes any. */
  async post(webhook) {
    const inTurn = this.posters.map((_, i) => (i + this.#turn) % this.posters.length);
    this.#turn += 1;
    const candidates = inTurn.filter((i) => !this.#drained.has(i));
    for (const i of candidates) {
      const poster = this.posters[i];
      const { status, refused } = await poster.attempt(webhook);
      if (!refused) return status;
      this.moved += 1;
    }
    return 0;
  }

  close() {
    for (const poster of this.posters) poster.close();
  }
}
