import { setTimeout as sleep } from 'node:timers/promises';
import { phoneOf, Poster, statusWebhook, tapWebhook, textWebhook } from './customers.mjs';

/** Below the 45 messages that a recipient may get in one go: pacing is not what is measured here. */
export const MESSAGES_EACH = 20;
/** Plenty in stock. */
export const SKU = 'TEE-WHT';
const SKU_TITLE = 'White Organic T-Shirt';
/** A sender whose webhook was not acknowledged comes again, as Meta does; Meta waits longer. */
const AGAIN_MS = [100, 250, 500, 1_000];
/** One acknowledged webhook in so many is delivered once more. */
const TWICE_EVERY = 20;
const COPIES_WITHIN_MS = 2_000;
const STATUSES = ['sent', 'delivered', 'read'];

/**
 * What customer messages number `k` (from 0) say: in turn a search for something that only this message names, and a
 * tap that puts one more into the cart. So each reply tells which message it answers, and a cart counts its effects.
 */
export function messageOf(thread, k) {
  return k % 2 === 0 ? { text: `zq${thread}x${k}` } : { button: `add|${SKU}`, title: 'Add to cart' };
}

/** Which message of its thread a reply answers; `degraded` when it says that the shop could not be asked. */
export function answers({ body }) {
  const said = JSON.stringify(body.interactive ?? body.text ?? body);
  const tag = /zq\d+x(\d+)/.exec(said);
  if (tag) return Number(tag[1]);
  const quantity = new RegExp(`(\\d+) × ${SKU_TITLE}`).exec(said);
  if (quantity) return Number(quantity[1]) * 2 - 1;
  return said.includes('I cannot confirm prices') ? 'degraded' : 'unknown';
}

/**
 * Customers who write at a steady rate all over, each of them in order: the next message once the one before is
 * acknowledged. Meta's part is played too: webhooks are repeated until they are acknowledged, some come twice, and
 * each message of ours is followed by its statuses.
 */
export class Shoppers {
  threads = [];
  /** Webhooks acknowledged, statuses and repetitions included. */
  acknowledged = 0;
  /** Acknowledged webhooks that came once more all the same, as Meta's do now and then. */
  repeated = 0;
  /** Answers that were no acknowledgement, by status; 0 is none at all. */
  refused = {};
  /** `{ thread, k, at, id }` of customers' messages; `at` is when the acknowledgement came. */
  log = [];
  /** Answers to the sender in milliseconds of `performance.now()`: `{ at, ms, status }`, gateway's only. */
  answersSeen = [];
  /** Called with each customer message that is acknowledged. */
  onAck = () => undefined;
  /** Called with each message of ours that reaches the vendor. */
  onReply = () => undefined;
  #open = new Set();
  #stopped = false;
  #delivered = 0;
  #unfinished = 0;
  #numbered = 0;

  /**
   * @param {{ fleet: object, active?: number, poster?: object, statuses?: string[], each?: number, first?: number,
   *   copies?: number }} options `copies`: how often each webhook comes, within two seconds; by default one in twenty
   *   comes twice.
   */
  constructor({ fleet, active = 200, poster, statuses = STATUSES, each = MESSAGES_EACH, first = 0, copies }) {
    this.fleet = fleet;
    this.copies = copies;
    this.active = active;
    this.each = each;
    this.first = first;
    this.poster = poster ?? new Poster(fleet.stack.urls.gateway);
    this.statuses = statuses;
    this.idle = [];
    fleet.vendor.onMessage = (message) => {
      this.#follow(message);
      this.onReply(message);
    };
  }

  get messages() {
    return this.log.length;
  }

  /** Writes `perSecond` messages a second until `until()` or `stop()`. */
  async write(perSecond, until) {
    const began = performance.now();
    let written = 0;
    while (!this.#stopped && !until()) {
      const due = Math.floor(((performance.now() - began) / 1_000) * perSecond);
      // When nobody acknowledges, nobody writes on: what was not written is not made up for in one go.
      for (; written < due; written++) this.#one();
      await sleep(5);
    }
  }

  /** Somebody else wrote the first message of this customer: it is read back like all others. */
  adopt({ n, merchant, phone, id }) {
    this.threads.push({ n, merchant, phone, sent: 1 });
    this.log.push({ thread: n, k: 0, at: performance.now(), id });
  }

  /** No further message is written; resolves when all that were are acknowledged. */
  async finish() {
    this.#stopped = true;
    await this.settled();
  }

  async settled() {
    while (this.#open.size > 0) await Promise.all(this.#open);
  }

  close() {
    this.poster.close();
    this.fleet.vendor.onMessage = () => undefined;
  }

  #one() {
    const thread = this.#take();
    if (!thread) return;
    const k = thread.sent++;
    const { merchant, phone } = thread;
    const { whatsappAppSecret: appSecret } = this.fleet.stack.secrets;
    const message = { merchant, phone, appSecret, ...messageOf(thread.n, k) };
    const webhook = message.text ? textWebhook(message) : tapWebhook(message);
    this.#track(
      this.#deliver(webhook).then((at) => {
        const ack = { thread: thread.n, k, at, id: webhook.id };
        this.log.push(ack);
        this.onAck(ack);
        if (thread.sent < this.each) this.idle.push(thread);
        else this.#unfinished -= 1;
      }),
    );
  }

  /** Whoever has waited longest; a new customer whenever fewer than `active` have something left to say. */
  #take() {
    if (this.#unfinished >= this.active) return this.idle.shift();
    this.#unfinished += 1;
    const n = this.first + this.#numbered++;
    const merchant = this.fleet.merchants[n % this.fleet.merchants.length];
    const thread = { n, merchant, phone: phoneOf(n), sent: 0 };
    this.threads.push(thread);
    return thread;
  }

  async #deliver(webhook) {
    await this.#untilAcknowledged(webhook);
    const at = performance.now();
    const twice = this.#delivered++ % TWICE_EVERY === 0;
    for (let copy = 1; copy < (this.copies ?? (twice ? 2 : 1)); copy++) this.#track(this.#again(webhook));
    return at;
  }

  async #again(webhook) {
    this.repeated += 1;
    if (this.copies) await sleep(Math.random() * COPIES_WITHIN_MS);
    await this.#untilAcknowledged(webhook);
  }

  async #untilAcknowledged(webhook) {
    for (let attempt = 0; (await this.#post(webhook)) !== 200; attempt++) {
      await sleep(AGAIN_MS[Math.min(attempt, AGAIN_MS.length - 1)]);
    }
  }

  async #post(webhook) {
    const from = performance.now();
    const status = await this.poster.post(webhook);
    const at = performance.now();
    this.answersSeen.push({ at, ms: at - from, status });
    if (status === 200) this.acknowledged += 1;
    else this.refused[status] = (this.refused[status] ?? 0) + 1;
    return status;
  }

  #follow({ to, from, wamid, ref }) {
    const merchant = this.fleet.merchants.find((m) => m.phoneNumberId === from);
    const { whatsappAppSecret: appSecret } = this.fleet.stack.secrets;
    for (const status of this.statuses) {
      this.#track(this.#deliver(statusWebhook({ merchant, phone: to, status, wamid, ref, appSecret })));
    }
  }

  #track(promise) {
    this.#open.add(promise);
    void promise.finally(() => this.#open.delete(promise));
  }
}
