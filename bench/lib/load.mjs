import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { percentile } from './compare.mjs';

const GENERATOR = fileURLToPath(new URL('load-generator.mjs', import.meta.url));

/**
 * Posts signed webhooks from a process of its own, each once, and resolves when all that were sent are answered.
 * @param options `{ port, path, connections, seconds, perSecond?, webhooks }`: without `perSecond` each connection
 *   sends as soon as it has its answer (closed loop); with it, webhooks arrive at random at that rate whatever the
 *   server does, and wait counts from when they were due (open loop). `webhooks` as signedWebhooks() takes it.
 * @param onStart called when the first webhook is about to be sent; what it returns stands in the result's `started`.
 * @returns `{ seconds, acknowledged, refused, ids, latencies, started }`: `ids` of the acknowledged ones, `latencies`
 *   sorted, in milliseconds.
 */
export async function load(options, onStart = () => undefined) {
  const child = fork(GENERATOR, { serialization: 'advanced' });
  let started;
  const result = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the load generator ended with ${code}`)));
    child.on('message', (message) => {
      if (message.prepared) {
        started = onStart();
        child.send('go');
      } else resolve(message);
    });
    child.send(options);
  });
  child.disconnect();
  return { ...result, latencies: result.latencies.sort(), started };
}

/** p50, p99 and the worst, of sorted milliseconds. */
export function latencyFigures(latencies, prefix) {
  return {
    [`${prefix}: p50 ms`]: percentile(latencies, 0.5),
    [`${prefix}: p99 ms`]: percentile(latencies, 0.99),
    [`${prefix}: worst ms`]: latencies.at(-1),
  };
}
