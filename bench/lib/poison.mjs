// Preloaded into the services of a fleet that is to be poisoned, and only there: messages that say so make the handler
// throw, or end its process. The handler's code is changed as it is loaded; nothing of this is in the product.
import { existsSync } from 'node:fs';
import { register } from 'node:module';

const HANDLER = '/apps/conversation/src/jobs/receive-message.handler.js';

/** As preload module in a service. */
if (process.env.BENCH_POISON_CURE) {
  globalThis.benchPoison = ({ content }) => {
    const text = content?.text ?? '';
    if (!text.includes('poison') || existsSync(process.env.BENCH_POISON_CURE)) return;
    if (text.includes('poison-kill')) process.kill(process.pid, 'SIGKILL');
    throw new Error(`poisoned by “${text}”`);
  };
  register(import.meta.url);
}

/** As loader: the first thing that the handler does. */
export async function load(url, context, next) {
  const loaded = await next(url, context);
  if (!url.endsWith(HANDLER)) return loaded;
  const source = String(loaded.source);
  const begin = 'async handle(payload, ctx) {';
  if (!source.includes(begin)) throw new Error(`${url} does not look as the poison expects`);
  return { ...loaded, source: source.replace(begin, `${begin} globalThis.benchPoison(payload);`) };
}
