import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Query,
  Req,
  Res,
  UseFilters,
  UseGuards,
  UsePipes,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Catalog, type ProductPage, type Quote } from './catalog.js';
import { answerOnce, type Answer } from './idempotency.js';
import { Orders } from './orders.js';
import { ShopBooks } from './shop-books.js';
import { Stock } from './stock.js';
import { ExtendBody, OrderBody, ProductsQuery, QuoteBody, ReservationBody } from './store-api.dto.js';
import { StoreApiGuard, type StoreRequest } from './store-api.guard.js';
import { StoreProblemFilter } from './store-problem.js';
import { storeValidation } from './validation.js';
import { orderView, reservationView, type OrderView, type ReservationView } from './views.js';

/** The store contract, `libs/adapters/rest-store/store-contract.openapi.yaml`. */
@Controller('shops/:shop/v1')
@UseGuards(StoreApiGuard)
@UsePipes(storeValidation())
@UseFilters(StoreProblemFilter)
export class StoreApiController {
  constructor(
    private readonly books: ShopBooks,
    private readonly catalog: Catalog,
    private readonly stock: Stock,
    private readonly orders: Orders,
  ) {}

  @Get('products')
  products(@Req() { shop }: StoreRequest, @Query() query: ProductsQuery): ProductPage {
    return this.catalog.list(shop, query);
  }

  @Post('quote')
  @HttpCode(200)
  quote(@Req() { shop }: StoreRequest, @Body() body: QuoteBody): Quote {
    return this.catalog.quote(shop, body);
  }

  @Post('reservations')
  reserve(
    @Req() request: StoreRequest,
    @Headers('idempotency-key') key: string | undefined,
    @Body() body: ReservationBody,
    @Res() reply: FastifyReply,
  ): void {
    this.once(request, 'reservations', key, reply, () => ({
      status: 201,
      body: reservationView(this.stock.hold(request.shop.id, body)),
    }));
  }

  @Post('reservations/:id/extend')
  @HttpCode(200)
  extend(@Req() { shop }: StoreRequest, @Param('id') id: string, @Body() body: ExtendBody): ReservationView {
    return reservationView(this.stock.extend(shop.id, id, body.ttlSeconds));
  }

  @Post('reservations/:id/release')
  @HttpCode(200)
  release(@Req() { shop }: StoreRequest, @Param('id') id: string): ReservationView {
    return reservationView(this.stock.release(shop.id, id));
  }

  @Post('reservations/:id/commit')
  @HttpCode(200)
  commit(@Req() { shop }: StoreRequest, @Param('id') id: string): ReservationView {
    return reservationView(this.stock.commit(shop.id, id));
  }

  @Post('orders')
  order(
    @Req() request: StoreRequest,
    @Headers('idempotency-key') key: string | undefined,
    @Body() body: OrderBody,
    @Res() reply: FastifyReply,
  ): void {
    this.once(request, 'orders', key, reply, () => {
      const { order, created } = this.orders.create(request.shop, body);
      return { status: created ? 201 : 200, body: orderView(order) };
    });
  }

  @Get('orders/:ref')
  read(@Req() { shop }: StoreRequest, @Param('ref') ref: string): OrderView {
    return orderView(this.orders.get(shop.id, ref));
  }

  @Post('orders/:ref/cancel')
  @HttpCode(200)
  cancel(@Req() { shop }: StoreRequest, @Param('ref') ref: string): OrderView {
    return orderView(this.orders.cancel(shop.id, ref));
  }

  private once(
    request: StoreRequest,
    path: string,
    key: string | undefined,
    reply: FastifyReply,
    work: () => Answer,
  ): void {
    const kept = this.books.of(request.shop.id).idempotency;
    const answer = answerOnce(kept, { path, key, body: request.body, now: this.books.now() }, work);
    const type = answer.status < 400 ? 'application/json' : 'application/problem+json';
    void reply.status(answer.status).type(type).send(JSON.stringify(answer.body));
  }
}
