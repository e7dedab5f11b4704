import { setTimeout as sleep } from 'node:timers/promises';
import { http } from '../../deploy/local/customer.mjs';
import { cartWebhook, phoneOf, tapWebhook } from './customers.mjs';

const PATIENCE_MS = 60_000;
const PAUSE_MS = 100;
const AGAIN_MS = 250;
const TRIES = 8;

/** A customer of a fleet who buys: writes by webhooks, reads at the fleet's vendor, pays on the sandbox's page. */
export class WireBuyer {
  #seen = 0;

  /** @param {{ fleet: object, poster: object, n: number, merchant: object, sku: string }} options `n` names the person. */
  constructor({ fleet, poster, n, merchant, sku }) {
    Object.assign(this, { fleet, poster, n, merchant, sku, phone: phoneOf(n) });
  }

  /** The buyer that another process has begun with, and told of by {@link remains}. */
  static resume({ fleet, poster }, { n, merchant, sku, orderRef, link, page }) {
    const buyer = new WireBuyer({ fleet, poster, n, merchant, sku });
    return Object.assign(buyer, { orderRef, link, page: page && new URL(page) });
  }

  remains() {
    const { n, merchant, sku, orderRef, link, page } = this;
    return { n, merchant, sku, orderRef, link, page: page?.href };
  }

  /** Asks for a link, again when the shop could not be asked. @throws Error when none comes. */
  async order() {
    for (let i = 0; i < TRIES; i++) {
      await this.#say(cartWebhook({ ...this.#sender, sku: this.sku }));
      const cart = await this.next('a cart', (m) => m.buttons.length > 0);
      if (!cart.buttons.includes('checkout')) continue;
      await this.#say(tapWebhook({ ...this.#sender, button: 'checkout', title: 'Checkout' }));
      const answer = await this.next('a link', (m) => m.url || m.buttons.length > 0);
      if (!answer.url) continue;
      this.link = answer.url;
      this.orderRef = /Order (\w+)/.exec(answer.text)[1];
      return;
    }
    throw new Error(`${this.phone} was given no link in ${TRIES} tries`);
  }

  /** Opens the link, again while the page cannot be had. @throws Error when it leads to no page of the provider. */
  async open() {
    for (let i = 0; i < 4 * TRIES; i++, await sleep(1_000)) {
      const answer = await fetch(this.link, { redirect: 'manual' }).catch(() => undefined);
      await answer?.text();
      if (answer?.status !== 303) continue;
      this.page = new URL(answer.headers.get('location'));
      return;
    }
    throw new Error(`the link of order ${this.orderRef} led to no page`);
  }

  async pay() {
    await http(this.fleet.stack.urls.sandbox).post(`${this.page.pathname}/complete`, { outcome: 'paid' });
  }

  receipt() {
    return this.next('the receipt', (m) => m.text.includes('Paid') || m.template?.includes('receipt'));
  }

  /** The courier's part: `created`, `out_for_delivery`, `delivered`. */
  courier(event) {
    const office = `/shops/${this.merchant.shop}/backoffice`;
    return http(this.fleet.stack.urls.sandbox).post(`${office}/orders/${this.orderRef}/courier`, { event });
  }

  /** The next message to this customer that fits. @throws Error saying what was waited for and what came instead. */
  async next(what, fits) {
    const passed = [];
    for (const until = performance.now() + PATIENCE_MS; performance.now() < until; await sleep(PAUSE_MS)) {
      const own = this.fleet.vendor.sent.filter((m) => m.to === this.phone);
      while (this.#seen < own.length) {
        const message = readable(own[this.#seen++].body);
        if (fits(message)) return message;
        passed.push(message.text);
      }
    }
    throw new Error(`${this.phone} (order ${this.orderRef}) waited for ${what}; came: ${passed.join(' / ')}`);
  }

  get #sender() {
    const { whatsappAppSecret: appSecret } = this.fleet.stack.secrets;
    return { merchant: this.merchant, phone: this.phone, appSecret };
  }

  async #say(webhook) {
    while ((await this.poster.post(webhook)) !== 200) await sleep(AGAIN_MS);
  }
}

function readable(body) {
  const { action = {} } = body.interactive ?? {};
  return {
    text: JSON.stringify(body.interactive ?? body.text ?? body.template ?? body),
    template: body.template?.name,
    buttons: (action.buttons ?? []).map((button) => button.reply.id),
    url: action.parameters?.url,
  };
}
