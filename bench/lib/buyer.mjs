import { setTimeout as sleep } from 'node:timers/promises';
import { Customer, http } from '../../deploy/local/customer.mjs';

const PATIENCE_MS = 40_000;
const TRIES = 8;

/**
 * Buys one piece on the sandbox's phone, as patiently as a person who wants it: asks again when the shop could not be
 * asked, opens the link again when it says so, and pays once.
 * @returns {Promise<{ orderRef?: string, paid: boolean, told: boolean, gaveUp?: string }>} `told`: the receipt came.
 */
export async function buy({ sandboxUrl, phoneNumberId, name, sku }) {
  const sandbox = http(sandboxUrl);
  const customer = await Customer.create(sandbox, phoneNumberId, { name, patienceMs: PATIENCE_MS });
  const link = await linkFor(customer, sku);
  if (!link) return { paid: false, told: false, gaveUp: 'no link came' };
  const orderRef = /Order (\w+)/.exec(link.text)?.[1];
  const page = await pageOf(link.url);
  if (!page) return { orderRef, paid: false, told: false, gaveUp: 'the link led to no page' };
  await sandbox.post(`${page.pathname}/complete`, { outcome: 'paid' });
  const told = await customer
    .next('the receipt', (m) => m.text.includes('Paid') || m.template?.includes('receipt'))
    .then(
      () => true,
      () => false,
    );
  return { orderRef, paid: true, told };
}

async function linkFor(customer, sku) {
  for (let i = 0; i < TRIES; i++) {
    await customer.sendCart([{ sku, quantity: 1 }]);
    const cart = await nextOf(customer, (m) => m.buttons.length > 0);
    if (!cart?.buttons.some((b) => b.id === 'checkout')) continue;
    await customer.tap(cart, 'checkout');
    const answer = await nextOf(customer, (m) => m.kind === 'cta_url' || m.buttons.length > 0);
    if (answer?.kind === 'cta_url') return answer;
  }
  return undefined;
}

const nextOf = (customer, fits) => customer.next('an answer', fits).catch(() => undefined);

async function pageOf(url) {
  for (let i = 0; i < 4 * TRIES; i++, await sleep(1_000)) {
    const answer = await fetch(url, { redirect: 'manual' }).catch(() => undefined);
    await answer?.text();
    if (answer?.status === 303) return new URL(answer.headers.get('location'));
  }
  return undefined;
}
