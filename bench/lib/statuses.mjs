import { setTimeout as sleep } from 'node:timers/promises';
import { statusWebhook } from './customers.mjs';

/** What Meta says of each message, in this order, and how many milliseconds after what came before: from, to. */
const COURSE = [
  { status: 'sent', afterMs: [0, 20] },
  { status: 'delivered', afterMs: [50, 100] },
  { status: 'read', afterMs: [50, 300] },
];

/** Meta's part after it has taken a message: it tells what became of it, in one signed webhook for each status. */
export class Statuses {
  #acknowledged = [];
  #open = new Set();
  #closed = false;

  /** @param fleet what startFleet() or startBot() gives. @param poster of its gateway. */
  constructor(fleet, poster) {
    this.appSecret = fleet.stack.secrets.whatsappAppSecret;
    this.merchants = new Map(fleet.merchants.map((merchant) => [merchant.phoneNumberId, merchant]));
    this.poster = poster;
  }

  /** How many messages have not had all their statuses acknowledged. */
  get underWay() {
    return this.#open.size;
  }

  /** Tells of this message: one of the vendor's. */
  follow(message) {
    const told = this.#tell(message).finally(() => this.#open.delete(told));
    this.#open.add(told);
  }

  /** Resolves when every status of every message so far is acknowledged. */
  async settled() {
    while (this.#open.size > 0) await Promise.all(this.#open);
  }

  /** `wamid/status` of those that were acknowledged since this was asked last. */
  takeAcknowledged() {
    return this.#acknowledged.splice(0);
  }

  close() {
    this.#closed = true;
  }

  async #tell({ from, to, wamid, ref }) {
    const merchant = this.merchants.get(from);
    for (const { status, afterMs } of COURSE) {
      const [least, most] = afterMs;
      await sleep(least + Math.random() * (most - least));
      if (this.#closed) return;
      const { appSecret } = this;
      const webhook = statusWebhook({ merchant, phone: to, status, wamid, ref, appSecret });
      await this.poster.deliver(webhook);
      this.#acknowledged.push(webhook.id);
    }
  }
}
