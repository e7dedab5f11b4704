import { createHmac, randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import {
  ChannelService,
  EventBus,
  Fulfillment,
  FulfillmentStateTransitionEvent,
  type ID,
  type JobQueue,
  JobQueueService,
  Order,
  OrderStateTransitionEvent,
  ProductEvent,
  ProductVariantEvent,
  ProductVariantService,
  RequestContextService,
  type RequestContext,
  StockMovementEvent,
  TransactionalConnection,
} from '@vendure/core';
import { WACO_OPTIONS, type WacoPluginOptions } from './options';
import { WacoProducts } from './products';

interface Job {
  /** The same on every repeat of the delivery. */
  id: string;
  occurredAt: string;
  channelToken: string;
  about: { variantId: ID } | { orderId: ID } | { fulfillmentId: ID };
}

interface Event {
  type: string;
  sequence: number;
  data: object;
}

const TIMEOUT_MS = 10_000;
const RETRIES = 12;
const ORDER_STATUS: Record<string, string> = {
  PaymentAuthorized: 'paid',
  PaymentSettled: 'paid',
  PartiallyShipped: 'shipped',
  Shipped: 'shipped',
  PartiallyDelivered: 'shipped',
  Delivered: 'delivered',
  Cancelled: 'cancelled',
};
const FULFILMENT_STATUS: Record<string, string> = {
  Pending: 'created',
  Shipped: 'shipped',
  Delivered: 'delivered',
};

/** Tells Waco what changed. A job says only what is concerned, and what is sent is read when it is sent. */
@Injectable()
export class WacoWebhooks implements OnModuleInit {
  private goods: JobQueue<Job>;
  private orders: JobQueue<Job>;

  constructor(
    @Inject(WACO_OPTIONS) private readonly options: WacoPluginOptions,
    private readonly events: EventBus,
    private readonly jobs: JobQueueService,
    private readonly contexts: RequestContextService,
    private readonly channels: ChannelService,
    private readonly products: WacoProducts,
    private readonly variants: ProductVariantService,
    private readonly connection: TransactionalConnection,
  ) {}

  async onModuleInit(): Promise<void> {
    const { webhook } = this.options;
    if (!webhook) return;
    const queue = (name: string): Promise<JobQueue<Job>> =>
      this.jobs.createQueue({ name, process: async ({ data }) => this.send(data) });
    // In a queue one webhook waits for the other: a parcel's news must not wait for those of a whole price list.
    this.goods = await queue('waco-webhooks');
    this.orders = await queue('waco-order-webhooks');
    this.events.ofType(StockMovementEvent).subscribe(({ ctx, stockMovements }) => {
      const ids = new Set(stockMovements.map((movement) => movement.productVariant.id));
      for (const variantId of ids) this.add(ctx, { variantId });
    });
    this.events.ofType(ProductVariantEvent).subscribe(({ ctx, entity }) => {
      for (const variant of entity) this.add(ctx, { variantId: variant.id });
    });
    this.events.ofType(ProductEvent).subscribe(async ({ ctx, entity }) => {
      const { items } = await this.variants.getVariantsByProductId(ctx, entity.id);
      for (const variant of items) this.add(ctx, { variantId: variant.id });
    });
    this.events.ofType(OrderStateTransitionEvent).subscribe(({ ctx, order, toState }) => {
      if (ORDER_STATUS[toState]) this.add(ctx, { orderId: order.id });
    });
    this.events.ofType(FulfillmentStateTransitionEvent).subscribe(({ ctx, fulfillment, toState }) => {
      if (FULFILMENT_STATUS[toState]) this.add(ctx, { fulfillmentId: fulfillment.id });
    });
  }

  private add(ctx: RequestContext, about: Job['about']): void {
    const job: Job = {
      id: `evt_${randomUUID()}`,
      occurredAt: new Date().toISOString(),
      channelToken: ctx.channel.token,
      about,
    };
    const queue = 'variantId' in about ? this.goods : this.orders;
    void queue.add(job, { retries: RETRIES });
  }

  private async send({ id, occurredAt, channelToken, about }: Job): Promise<void> {
    const channel = await this.channels.getChannelFromToken(channelToken);
    const ctx = await this.contexts.create({ apiType: 'admin', channelOrToken: channel });
    const events = await this.read(ctx, about);
    for (const event of events) await this.post({ id: `${id}_${event.type}`, occurredAt, ...event });
  }

  private read(ctx: RequestContext, about: Job['about']): Promise<Event[]> {
    if ('variantId' in about) return this.ofVariant(ctx, about.variantId);
    return 'orderId' in about ? this.ofOrder(ctx, about.orderId) : this.ofParcel(ctx, about.fulfillmentId);
  }

  private async ofVariant(ctx: RequestContext, variantId: ID): Promise<Event[]> {
    const product = await this.products.byId(ctx, variantId);
    if (!product) return [];
    const { sku, sequence, stock, variant } = product;
    // What is gone is out of stock.
    const events: Event[] = [{ type: 'stock.updated', sequence, data: { sku, available: stock } }];
    if (variant) {
      const { priceWithTax: amount, currencyCode: currency } = variant;
      const price = { sku, amount, precision: this.products.moneyPrecision, currency };
      events.push({ type: 'price.updated', sequence, data: price });
    }
    return events;
  }

  private async ofOrder(ctx: RequestContext, orderId: ID): Promise<Event[]> {
    const order = await this.connection.getRepository(ctx, Order).findOneBy({ id: orderId });
    const orderRef = order && refOf(order);
    const status = order && ORDER_STATUS[order.state];
    return orderRef && status ? [{ type: 'order.updated', sequence: now(), data: { orderRef, status } }] : [];
  }

  private async ofParcel(ctx: RequestContext, fulfillmentId: ID): Promise<Event[]> {
    const parcel = await this.connection
      .getRepository(ctx, Fulfillment)
      .findOne({ where: { id: fulfillmentId }, relations: { orders: true } });
    const kind = parcel && FULFILMENT_STATUS[parcel.state];
    if (!parcel || !kind) return [];
    const { method: carrier, trackingCode } = parcel;
    return parcel.orders.flatMap((order) => {
      const orderRef = refOf(order);
      const data = { orderRef, fulfilmentId: String(parcel.id), carrier, trackingCode };
      return orderRef ? [{ type: `fulfilment.${kind}`, sequence: now(), data }] : [];
    });
  }

  /** @throws when Waco does not take it, so that the job is tried again. */
  private async post(event: object): Promise<void> {
    const { webhook } = this.options;
    if (!webhook) return;
    const body = JSON.stringify(event);
    const t = Math.floor(Date.now() / 1_000);
    const signature = createHmac('sha256', webhook.secret).update(`${t}.${body}`).digest('hex');
    const answer = await fetch(webhook.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'waco-signature': `t=${t},v1=${signature}` },
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!answer.ok) throw new Error(`Waco answered ${answer.status}`);
  }
}

/** Orders that are not Waco's have none. */
function refOf(order: Order): string | undefined {
  return (order.customFields as { wacoRef?: string }).wacoRef;
}

function now(): number {
  return Date.now() * 1_000;
}
