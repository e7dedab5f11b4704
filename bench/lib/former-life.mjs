import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { http } from '../../deploy/local/customer.mjs';
import { ROOT } from '../../deploy/local/settings.mjs';
import { BegunOrders } from './begun-orders.mjs';
import { newWamid, phoneOf, tapWebhook, textWebhook } from './customers.mjs';
import { ask } from './database.mjs';
import { messageOf } from './shoppers.mjs';

const REPRICED = ['HOODIE-SND', 'HOODIE-NVY', 'HOODIE-BLK-ZIP'];
const WITHIN_MS = 90_000;
const AGAIN_MS = 250;
const DAY_MS = 24 * 3_600_000;
/** People of each group have numbers of their own, away from those of the shoppers. */
const FIRST = { waiting: 6_100_000, poisoned: 6_200_000, switchedOff: 6_300_000 };

/**
 * Nothing has been tagged yet. This is the last commit before 0032-vendors, which gave credentials another form: the youngest
 * change that processes of before and after must understand of each other.
 */
export const FORMER_RELEASE = '9ac975e';

/** Environment of a fleet with whose code a {@link FormerLife} can begin: some messages fail there for good. */
export function failing(portBase) {
  const cure = join(tmpdir(), `bench-upgrade-${portBase}-cured`);
  rmSync(cure, { force: true });
  const preload = pathToFileURL(join(ROOT, 'bench', 'lib', 'poison.mjs')).href;
  return { NODE_OPTIONS: `--import ${preload}`, BENCH_POISON_CURE: cure };
}

/**
 * What a fleet has begun when an upgrade comes, besides the shoppers' turns, and how all of it has to end: orders in every
 * stage, messages that wait for a customer to write, dead letters, items in quarantine, a channel account that is switched
 * off, prices that move. The fleet must be started with {@link failing}. One merchant, the last, has the account
 * that is switched off, and no other part.
 */
export class FormerLife {
  #base = 4_000;

  /** @param {{ fleet: object, shoppers: object, problems: string[] }} scene @param {number} each people in each group */
  constructor({ fleet, shoppers, problems }, each) {
    Object.assign(this, { fleet, shoppers, problems, each });
    this.poster = shoppers.poster;
    this.url = fleet.stack.databaseUrl;
    this.sandbox = http(fleet.stack.urls.sandbox);
    this.off = fleet.merchants.at(-1);
    this.on = fleet.merchants.slice(0, -1);
    this.orders = new BegunOrders({ fleet, poster: this.poster, problems, merchants: this.on });
    this.waiting = [];
    this.poisoned = [];
    this.old = {};
  }

  /** The life that another process has begun, and told of by {@link remains}. */
  static resume(scene, { each, base, orders, ...others }) {
    const life = Object.assign(new FormerLife(scene, each), others);
    life.#base = base;
    life.orders.resume(orders);
    return life;
  }

  /** What is left of it when this process ends, as plain JSON. */
  remains() {
    const { each, account, strays, waiting, poisoned, parkedBefore, old } = this;
    const orders = this.orders.remains();
    return { each, base: this.#base, account, strays, waiting, poisoned, parkedBefore, old, orders };
  }

  /** Begins everything, and waits until it stands where it is to stand. */
  async begin() {
    await this.orders.begin(this.each);
    await this.#letThemWait();
    await this.#poison();
    await this.#switchOff();
    await this.reprice();
    await this.#remember();
  }

  /** Under the former release, under both, and under the new one: prices move. */
  async reprice() {
    this.#base += 100;
    for (const { shop } of this.on) {
      for (const [i, sku] of REPRICED.entries()) {
        const price = { minor: this.#base + i, currency: 'AED' };
        await this.sandbox.patch(`/shops/${shop}/backoffice/products/${sku}`, { price });
      }
    }
  }

  /**
   * A payment account gets other webhook secrets by the admin services of both releases, one after the other; of two accounts,
   * each by another one last. No payment arrives unless the gateways of both releases open what was stored last.
   */
  async changeSecrets(formerAdmin, newAdmin) {
    const turns = [
      [newAdmin, formerAdmin],
      [formerAdmin, newAdmin],
    ];
    for (const [i, admins] of turns.entries()) {
      for (const admin of admins) await this.#changeSecret(this.on[i % this.on.length], admin);
    }
  }

  async #changeSecret({ merchantId, stripeAccount }, admin) {
    const [{ body: account }] = await ask(
      this.url,
      `SELECT body FROM sandbox.documents WHERE collection = 'stripe.accounts' AND id = $1`,
      [stripeAccount],
    );
    const { secretKey, webhookUrl } = account;
    const webhookSecret = `whsec_${randomBytes(24).toString('hex')}`;
    const path = `/v1/merchants/${merchantId}/payment-providers/stripe`;
    await this.admin('PUT', path, { secretKey, webhookSecret }, admin);
    const changed = { secretKey, webhookUrl, webhookSecret };
    await this.sandbox.put(`/control/stripe/accounts/${stripeAccount}`, changed);
  }

  /** Ends everything that was begun, as it would have ended. @returns figures; what is wrong is among the problems. */
  async end() {
    const parked = await this.#parked();
    const known = new Set(this.parkedBefore.map(({ id }) => id));
    const fresh = parked.filter(({ id }) => !known.has(id));
    for (const { name, reason } of fresh) this.problems.push(`parked in the upgrade: ${name}: ${reason}`);
    for (const { id } of parked) await this.admin('POST', `/v1/dead-letters/${id}/redrive`);
    for (const person of this.poisoned) this.shoppers.adopt(person);
    const unreadable = await this.#testConnections();
    await this.#switchOn();
    await this.#writeAgain();
    await this.reprice();
    await this.orders.end();
    const unexplained = await this.#explainTheOld();
    const stale = await this.#untilPricesAreThere();
    await this.sandbox.post('/control/clock', { advanceMs: DAY_MS });
    await this.orders.untilLetGo();
    return {
      orders: this.orders.all.length,
      'orders that ended otherwise': await this.orders.countWrong(),
      'dead letters of before, redriven': this.parkedBefore.length,
      'dead letters of the upgrade': fresh.length,
      'messages that had waited for the customer': this.waiting.length,
      'items of before that the new admin explained': Object.values(this.old).flat().length - unexplained,
      'items of before that it did not': unexplained,
      'connections that could not be read': unreadable,
      'prices that did not arrive': stale,
    };
  }

  /** @throws Error with the answer, unless it is 2xx. */
  async admin(method, path, body, base = this.fleet.stack.urls.admin) {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.fleet.stack.secrets.operatorKey}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 300)}`);
    return text ? JSON.parse(text) : undefined;
  }

  #person(n, merchant = this.on[n % this.on.length]) {
    const { whatsappAppSecret: appSecret } = this.fleet.stack.secrets;
    return { n, merchant, phone: phoneOf(n), appSecret };
  }

  async #deliver(webhook) {
    while ((await this.poster.post(webhook)) !== 200) await sleep(AGAIN_MS);
    return webhook.id;
  }

  /** Who wrote more than a day ago is answered when they write again. */
  async #letThemWait() {
    for (let i = 0; i < this.each; i++) {
      const person = this.#person(FIRST.waiting + i);
      const sentAt = new Date(Date.now() - DAY_MS - 60_000);
      const webhook = textWebhook({ ...person, ...messageOf(person.n, 0), sentAt });
      this.waiting.push({ ...person, id: await this.#deliver(webhook) });
    }
    await this.#until('replies that wait for the customer', async () => {
      const [{ n }] = await ask(
        this.url,
        `SELECT count(*)::int AS n FROM outbound.messages WHERE state = 'waiting' AND thread_id IN (
           SELECT t.thread_id FROM conversation.threads t JOIN conversation.aliases a USING (merchant_id, contact_id)
           WHERE a.value = ANY($1))`,
        [this.waiting.map(({ phone }) => phone)],
      );
      return n >= this.each;
    });
  }

  async #writeAgain() {
    for (const person of this.waiting) {
      this.shoppers.adopt(person);
      const { button, title } = messageOf(person.n, 1);
      const id = await this.#deliver(tapWebhook({ ...person, button, title, id: newWamid() }));
      this.shoppers.threads.at(-1).sent = 2;
      this.shoppers.log.push({ thread: person.n, k: 1, at: performance.now(), id });
    }
    await this.#untilSaid(this.waiting, 2);
  }

  async #poison() {
    for (let i = 0; i < this.each; i++) {
      const person = this.#person(FIRST.poisoned + i);
      const text = `poison-throw ${messageOf(person.n, 0).text}`;
      this.poisoned.push({ ...person, id: await this.#deliver(textWebhook({ ...person, text })) });
    }
    await this.#until('dead letters', async () => (await this.#parked()).length >= this.each);
    this.parkedBefore = await this.#parked();
  }

  #parked() {
    return ask(
      this.url,
      `SELECT id, name, reason FROM journal.items WHERE parked_at IS NOT NULL AND settled_at IS NULL`,
    );
  }

  /** What is written to a number that is switched off is kept, in quarantine. */
  async #switchOff() {
    const accounts = `/v1/merchants/${this.off.merchantId}/channel-accounts`;
    const { items } = await this.admin('GET', accounts);
    this.account = `${accounts}/${items[0].id}`;
    await this.admin('PATCH', this.account, { enabled: false });
    this.strays = [];
    for (let i = 0; i < this.each; i++) {
      const person = this.#person(FIRST.switchedOff + i, this.off);
      const id = await this.#deliver(textWebhook({ ...person, ...messageOf(person.n, 0) }));
      this.strays.push({ ...person, id });
    }
  }

  async #switchOn() {
    const { enabled } = await this.admin('GET', this.account);
    if (enabled) this.problems.push('the upgrade switched an account on');
    await this.admin('PATCH', this.account, { enabled: true });
    const { items } = await this.admin('GET', '/v1/quarantine?limit=200');
    if (items.length !== this.strays.length) {
      this.problems.push(`${items.length} items in quarantine, of ${this.strays.length}`);
    }
    for (const { id } of items) await this.admin('POST', `/v1/quarantine/${id}/replay`);
    for (const stray of this.strays) this.shoppers.adopt(stray);
    await this.#untilSaid(this.strays, 1);
  }

  /** By the new release's client, each vendor is called with what the former release had sealed. */
  async #testConnections() {
    let unreadable = 0;
    for (const { merchantId } of this.fleet.merchants) {
      const merchant = `/v1/merchants/${merchantId}`;
      const { items } = await this.admin('GET', `${merchant}/channel-accounts`);
      const accounts = items.map(({ id }) => `channel-accounts/${id}`);
      for (const path of [...accounts, 'payment-providers/stripe', 'store']) {
        const { ok, why } = await this.admin('POST', `${merchant}/${path}/test`);
        if (ok) continue;
        unreadable += 1;
        this.problems.push(`${path} of ${merchantId}: ${why}`);
      }
    }
    return unreadable;
  }

  /** Some of everything that the former release wrote, to be looked at with the new one's eyes. */
  async #remember() {
    for (const [kind, sql] of Object.entries({
      messages: `SELECT merchant_id, message_id AS id FROM outbound.messages ORDER BY seq DESC LIMIT 20`,
      threads: `SELECT merchant_id, thread_id AS id FROM conversation.threads LIMIT 20`,
      orders: `SELECT merchant_id, order_ref AS id FROM checkout.orders LIMIT 20`,
    })) {
      this.old[kind] = await ask(this.url, sql);
    }
    for (const thread of this.old.threads) thread.entries = await this.#timeline('threads', thread);
    for (const order of this.old.orders) order.entries = await this.#timeline('orders', order);
  }

  async #timeline(kind, { merchant_id: merchant, id }) {
    return (await this.admin('GET', `/v1/merchants/${merchant}/${kind}/${id}/timeline?limit=200`)).items
      .length;
  }

  async #explainTheOld() {
    let unexplained = 0;
    const look = async (what, ask) => {
      const wrong = await ask().catch((error) => error.message);
      if (!wrong) return;
      unexplained += 1;
      this.problems.push(`${what}: ${wrong}`);
    };
    for (const { merchant_id: merchant, id } of this.old.messages) {
      await look(`explanation of ${id}`, async () => {
        const { summary, decision } = await this.admin(
          'GET',
          `/v1/merchants/${merchant}/messages/${id}/explain`,
        );
        return summary && decision ? undefined : 'it says nothing';
      });
    }
    for (const kind of ['threads', 'orders']) {
      for (const one of this.old[kind]) {
        await look(`timeline of ${one.id}`, async () => {
          const now = await this.#timeline(kind, one);
          return now < one.entries ? `${now} entries, of ${one.entries}` : undefined;
        });
      }
    }
    return unexplained;
  }

  /** @returns how many prices of the shops are not those of the catalog's copy in the end. */
  async #untilPricesAreThere() {
    const merchants = this.on.map(({ merchantId }) => merchantId);
    for (const until = performance.now() + WITHIN_MS; ; await sleep(AGAIN_MS)) {
      const rows = await ask(
        this.url,
        `SELECT sku, price_minor::int AS minor FROM catalog.products WHERE sku = ANY($1) AND merchant_id = ANY($2)`,
        [REPRICED, merchants],
      );
      const there = rows.filter(({ sku, minor }) => minor === this.#base + REPRICED.indexOf(sku));
      const missing = merchants.length * REPRICED.length - there.length;
      if (missing === 0) return 0;
      if (performance.now() < until) continue;
      this.problems.push(`${missing} prices of the shops are not in the catalog's copy`);
      return missing;
    }
  }

  #untilSaid(people, times) {
    return this.#until(`${times} answers each`, async () =>
      people.every(({ phone }) => this.fleet.vendor.sent.filter((m) => m.to === phone).length >= times),
    );
  }

  async #until(what, holds) {
    for (const until = performance.now() + WITHIN_MS; performance.now() < until; await sleep(AGAIN_MS)) {
      if (await holds()) return;
    }
    throw new Error(`not within ${WITHIN_MS / 1_000} s: ${what}`);
  }
}
