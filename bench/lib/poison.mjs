// Preloaded into the services of a fleet that is to be poisoned, and only there: messages that say so make the handler
// throw, or end its process. The handler's code is changed as it is loaded; nothing of this is in the product.
import { existsSync } from 'node:fs';
import { register } from 'node:module';

/** By the end of a module's address: after what the handler begins, with which line, and what it knows of the message. */
const HANDLERS = {
  '/apps/conversation/main.js': {
    after: 'ReceiveMessageHandler = class',
    begin: 'async handle(payload, ctx) {',
    text: 'payload.content?.text',
  },
  '/bench/comparisons/bot/worker.mjs': {
    after: '',
    begin: 'async function answer(message, from) {',
    text: 'message.text?.body',
  },
};

/** As preload module in a service. */
if (process.env.BENCH_POISON_CURE) {
  globalThis.benchPoison = (text = '') => {
    if (!text.includes('poison') || existsSync(process.env.BENCH_POISON_CURE)) return;
    if (text.includes('poison-kill')) process.kill(process.pid, 'SIGKILL');
    throw new Error(`poisoned by “${text}”`);
  };
  register(import.meta.url);
}

/** As loader: the first thing that the handler does. */
export async function load(url, context, next) {
  const loaded = await next(url, context);
  const [, handler] = Object.entries(HANDLERS).find(([end]) => url.endsWith(end)) ?? [];
  if (!handler) return loaded;
  const { after, begin, text } = handler;
  const source = String(loaded.source);
  const from = source.indexOf(after) + after.length;
  const at = source.indexOf(begin, from) + begin.length;
  if (from < after.length || at < from || source.slice(from, at).includes('= class')) {
    throw new Error(`${url} does not look as the poison expects`);
  }
  return { ...loaded, source: `${source.slice(0, at)} globalThis.benchPoison(${text});${source.slice(at)}` };
}
