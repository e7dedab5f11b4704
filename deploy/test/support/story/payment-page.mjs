import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../../../local/settings.mjs';
import { openRelay, passOn } from './relay.mjs';

const SERVER = join(ROOT, 'docs', 'examples', 'payment-page', 'server.mjs');

/**
 * The example of a payment page, as a process of its own: how a merchant connects it, and how a story meets it.
 * `road` carries its webhooks, `clock` is the stack's.
 */
export async function openPaymentPage({ road, clock }) {
  const apiKey = `sk_${randomBytes(24).toString('hex')}`;
  const webhookSecret = randomBytes(24).toString('base64url');
  let url;
  let child;
  const door = await openDoor(() => url);

  async function connect({ admin, merchant, of }) {
    const given = { baseUrl: door.url, apiKey, webhookSecret };
    const { webhookUrl } = await admin.put(`${merchant}/payment-providers/signed`, given);
    child = spawn(process.execPath, ['--import', clock.module, SERVER], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        ...clock.env,
        API_KEY: apiKey,
        WEBHOOK_SECRET: webhookSecret,
        WEBHOOK_URL: `${road.url}${new URL(webhookUrl).pathname}`,
        ACCOUNT_NAME: of.name,
        HOST: '127.0.0.1',
        PORT: '0',
      },
    });
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the payment page ended with ${code}`);
    });
    ended.catch(() => {}); // after its start nobody waits for it
    const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended]);
    url = /http:\S+/.exec(line)[0];
  }

  const isPaid = async (id) => {
    const headers = { authorization: `Bearer ${apiKey}` };
    const response = await fetch(`${url}/v1/payments/${id}`, { headers });
    return (await response.json()).status === 'paid';
  };

  return {
    connect,
    isPage: (page) => page.href.startsWith(`${url}/p/`),
    pay: async (page) => {
      const response = await fetch(`${page.href}/pay`, { method: 'POST', redirect: 'manual' });
      if (response.status !== 303) throw new Error(`the page answered ${response.status}`);
    },
    of: async (ref) => {
      const ids = [...(door.opened.get(ref) ?? [])];
      const paid = await Promise.all(ids.map(isPaid));
      return { pages: ids.length, payments: paid.filter(Boolean).length };
    },
    stop: () => {
      child?.kill('SIGKILL');
      door.close();
    },
  };
}

/** The page server has no list of payments. A proxy before its API notes each payment that is opened, by order reference. */
async function openDoor(target) {
  const opened = new Map();
  const relay = await openRelay(async (call) => {
    const answer = await passOn(target(), call);
    if (call.method === 'POST' && call.path === '/v1/payments' && answer.status === 201) {
      const { id, orderRef } = JSON.parse(answer.text);
      opened.set(orderRef, new Set([...(opened.get(orderRef) ?? []), id]));
    }
    return answer;
  });
  return { ...relay, opened };
}
