import { setTimeout as sleep } from 'node:timers/promises';
import { http } from '../../deploy/local/customer.mjs';
import { WireBuyer } from './wire-buyer.mjs';

const BOUGHT = 'HOODIE-BLK';
const FIRST_BUYER = 6_000_000;
const WITHIN_MS = 90_000;
const AGAIN_MS = 250;
/** How far an order is when the upgrade comes; nobody ever opens the link of those that are left. */
const STAGES = ['finished', 'linked', 'opened', 'paid in the upgrade', 'left'];

/** Orders in every stage, which are begun under one release and end under another. */
export class BegunOrders {
  #buyers = {};

  /** @param {{ fleet: object, poster: object, problems: string[], merchants: object[] }} scene */
  constructor(scene) {
    this.scene = scene;
    this.sandbox = http(scene.fleet.stack.urls.sandbox);
  }

  get all() {
    return Object.values(this.#buyers).flat();
  }

  remains() {
    return Object.fromEntries(
      Object.entries(this.#buyers).map(([stage, buyers]) => [stage, buyers.map((buyer) => buyer.remains())]),
    );
  }

  resume(remains) {
    for (const [stage, buyers] of Object.entries(remains)) {
      this.#buyers[stage] = buyers.map((buyer) => WireBuyer.resume(this.scene, buyer));
    }
  }

  /** @param {number} each orders in each stage @throws Error when one does not get there. */
  async begin(each) {
    const { merchants } = this.scene;
    for (const { shop } of merchants) {
      await this.sandbox.patch(`/shops/${shop}/backoffice/products/${BOUGHT}`, { available: 100_000 });
    }
    for (const [i, stage] of STAGES.entries()) {
      this.#buyers[stage] = Array.from({ length: each }, (_, k) => {
        const merchant = merchants[k % merchants.length];
        return new WireBuyer({ ...this.scene, n: FIRST_BUYER + i * 1_000 + k, merchant, sku: BOUGHT });
      });
    }
    await Promise.all(this.all.map((buyer) => buyer.order()));
    const opened = this.#in('finished', 'opened', 'paid in the upgrade');
    await Promise.all(opened.map((buyer) => buyer.open()));
    for (const buyer of this.#in('finished')) {
      await buyer.pay();
      await buyer.receipt();
      await buyer.courier('created');
      await buyer.next('the tracking code', (m) => m.text.includes('tracking'));
    }
  }

  async payInTheUpgrade() {
    await Promise.all(this.#in('paid in the upgrade').map((buyer) => buyer.pay()));
  }

  /** All but those that are left; what does not come to its end is a problem. */
  async end() {
    await this.#each('linked', (buyer) => buyer.open());
    for (const stage of ['linked', 'opened']) await this.#each(stage, (buyer) => buyer.pay());
    for (const stage of ['linked', 'opened', 'paid in the upgrade']) {
      await this.#each(stage, (buyer) => buyer.receipt());
    }
    await this.#each('finished', async (buyer) => {
      await buyer.courier('delivered');
      await buyer.next('the delivery', (m) => m.text.includes('delivered'));
    });
  }

  /** Until the shops hold nothing for orders that were left, once their time is over. @throws Error when they go on. */
  async untilLetGo() {
    const refs = this.#in('left').map(({ orderRef }) => orderRef);
    for (const until = performance.now() + WITHIN_MS; performance.now() < until; await sleep(AGAIN_MS)) {
      const { holds } = await this.#books();
      if (!holds.some((hold) => refs.includes(hold.orderRef) && hold.status === 'held')) return;
    }
    throw new Error(`the shop still holds what was left, of orders ${refs.join(', ')}`);
  }

  /** Paid: one order in the shop, one payment, one hold that was committed. Left: none of them. */
  async countWrong() {
    const { sessions, payments } = await this.sandbox.get('/control/stripe/ledger');
    const { orders, holds } = await this.#books();
    let wrong = 0;
    for (const [stage, buyers] of Object.entries(this.#buyers)) {
      const due = stage === 'left' ? 0 : 1;
      for (const { orderRef } of buyers) {
        const pages = new Set(sessions.filter((s) => s.client_reference_id === orderRef).map((s) => s.id));
        const found = {
          orders: orders.filter((o) => o.orderRef === orderRef).length,
          payments: payments.filter((p) => p.status === 'succeeded' && pages.has(p.session)).length,
          committed: holds.filter((h) => h.orderRef === orderRef && h.status === 'committed').length,
        };
        if (Object.values(found).every((n) => n === due)) continue;
        wrong += 1;
        this.scene.problems.push(`order ${orderRef} (${stage}): ${JSON.stringify(found)}`);
      }
    }
    return wrong;
  }

  #in(...stages) {
    return stages.flatMap((stage) => this.#buyers[stage]);
  }

  #each(stage, act) {
    return Promise.all(
      this.#in(stage).map((buyer) => act(buyer).catch(({ message }) => this.scene.problems.push(message))),
    );
  }

  async #books() {
    const offices = this.scene.merchants.map(({ shop }) => `/shops/${shop}/backoffice`);
    const orders = await Promise.all(offices.map((office) => this.sandbox.get(`${office}/orders`)));
    const held = await Promise.all(offices.map((office) => this.sandbox.get(`${office}/reservations`)));
    return { orders: orders.flatMap((o) => o.orders), holds: held.flatMap((h) => h.reservations) };
  }
}
