import { Controller, Get, Inject, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Order } from '#core/checkout';
import { Directory } from '#persistence';
import { CLOCK, safeEqual, TooManyWaiting, Semaphores, type Clock } from '#platform';
import { LinkTokens } from '../link.js';
import { Orders } from '../orders.js';
import {
  busy,
  confirming,
  orderStatus,
  pricesMoved,
  tryAgain,
  unfinished,
  unknownLink,
  type Page,
} from '../pages/pages.js';
import { PAGE_HEADERS } from '../pages/style.js';
import { Visits } from './visits.js';

/** Visits to one merchant's links that are worked on at a time; each may hold a connection to the database. */
const AT_ONCE = 4;
const MAY_WAIT = 500;

/** The link that a customer gets in the chat: to the payment page once, to the order's state ever after. */
@Controller('c')
export class LinkController {
  private readonly merchants = new Semaphores(AT_ONCE, MAY_WAIT);

  constructor(
    private readonly links: LinkTokens,
    private readonly orders: Orders,
    private readonly visits: Visits,
    private readonly directory: Directory,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get(':token')
  async open(@Param('token') token: string, @Res() reply: FastifyReply): Promise<void> {
    const answer = await this.visit(token, async (order) => {
      const [opening, shop] = [await this.visits.open(order), await this.shopName(order)];
      switch (opening.outcome) {
        case 'redirect':
          return opening.url;
        case 'moved':
          return pricesMoved(opening.order, opening.changes, shop);
        case 'status':
          return orderStatus(opening.order, shop);
        case 'try_again':
          return tryAgain(opening.order, shop, `/c/${token}`);
      }
    });
    if (typeof answer !== 'string') return send(reply, answer);
    const { 'content-type': _type, ...headers } = PAGE_HEADERS;
    await reply.headers(headers).redirect(answer, 303);
  }

  /** Where the payment page leads back to, paid or not. */
  @Get(':token/return')
  async land(@Param('token') token: string, @Res() reply: FastifyReply): Promise<void> {
    const page = await this.visit(token, async (order) => {
      const [landing, shop] = [await this.visits.land(order), await this.shopName(order)];
      switch (landing.outcome) {
        case 'confirming':
          return confirming(landing.order, shop);
        case 'unfinished':
          return unfinished(landing.order, shop, `/c/${token}`);
        case 'status':
          return orderStatus(landing.order, shop);
      }
    });
    await send(reply, page);
  }

  /** Few links of one merchant are looked at at a time: whoever opens one again and again holds up no other merchant's. */
  private async visit<T>(token: string, look: (order: Order) => Promise<T>): Promise<T | Page> {
    const claims = await this.links.open(token, this.clock.now());
    if (!claims) return unknownLink();
    const { merchantId, orderRef, nonce } = claims;
    const found = this.merchants.pass(merchantId, async () => {
      const order = await this.orders.read(merchantId, orderRef);
      return order && safeEqual(order.nonce, nonce) ? look(order) : unknownLink();
    });
    return found.catch((error: unknown) => {
      if (error instanceof TooManyWaiting) return busy(`/c/${token}`);
      throw error;
    });
  }

  private async shopName(order: Order): Promise<string> {
    return (await this.directory.merchant(order.merchantId))?.name ?? '';
  }
}

async function send(reply: FastifyReply, { status, body }: Page): Promise<void> {
  await reply.status(status).headers(PAGE_HEADERS).send(body);
}
