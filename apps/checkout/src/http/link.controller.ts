import { Controller, Get, Inject, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Order } from '#core/checkout';
import { Directory } from '#persistence';
import { CLOCK, safeEqual, type Clock } from '#platform';
import { LinkTokens } from '../link.js';
import { Orders } from '../orders.js';
import {
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

/** The link that a customer gets in the chat: to the payment page once, to the order's state ever after. */
@Controller('c')
export class LinkController {
  constructor(
    private readonly links: LinkTokens,
    private readonly orders: Orders,
    private readonly visits: Visits,
    private readonly directory: Directory,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get(':token')
  async open(@Param('token') token: string, @Res() reply: FastifyReply): Promise<void> {
    const order = await this.orderOf(token);
    if (!order) return send(reply, unknownLink());
    const [opening, shop] = [await this.visits.open(order), await this.shopName(order)];
    switch (opening.outcome) {
      case 'redirect': {
        const { 'content-type': _type, ...headers } = PAGE_HEADERS;
        await reply.headers(headers).redirect(opening.url, 303);
        return;
      }
      case 'moved':
        return send(reply, pricesMoved(opening.order, opening.changes, shop));
      case 'status':
        return send(reply, orderStatus(opening.order, shop));
      case 'try_again':
        return send(reply, tryAgain(opening.order, shop, `/c/${token}`));
    }
  }

  /** Where the payment page leads back to, paid or not. */
  @Get(':token/return')
  async land(@Param('token') token: string, @Res() reply: FastifyReply): Promise<void> {
    const order = await this.orderOf(token);
    if (!order) return send(reply, unknownLink());
    const [landing, shop] = [await this.visits.land(order), await this.shopName(order)];
    switch (landing.outcome) {
      case 'confirming':
        return send(reply, confirming(landing.order, shop));
      case 'unfinished':
        return send(reply, unfinished(landing.order, shop, `/c/${token}`));
      case 'status':
        return send(reply, orderStatus(landing.order, shop));
    }
  }

  private async orderOf(token: string): Promise<Order | undefined> {
    const claims = await this.links.open(token, this.clock.now());
    if (!claims) return undefined;
    const order = await this.orders.read(claims.merchantId, claims.orderRef);
    return order && safeEqual(order.nonce, claims.nonce) ? order : undefined;
  }

  private async shopName(order: Order): Promise<string> {
    return (await this.directory.merchant(order.merchantId))?.name ?? '';
  }
}

async function send(reply: FastifyReply, { status, body }: Page): Promise<void> {
  await reply.status(status).headers(PAGE_HEADERS).send(body);
}
