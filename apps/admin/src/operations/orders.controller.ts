import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { ApiProblems, ApiResource } from '../http/api-docs.js';
import { page } from '../http/page.dto.js';
import { Shown, type Showing } from '../http/shown.js';
import { afterOf, keyOf } from './keyset.js';
import { OrderPage, OrderQuery, OrderView } from './orders.dto.js';
import { Orders } from './orders.js';
import { IdParams, MerchantParams, ShowPageQuery, ShowQuery } from './queries.dto.js';
import { TimelinePage, timelinePage } from './timeline.dto.js';
import { Timelines } from './timelines.js';

@ApiResource('Orders')
@Controller('v1/merchants/:merchantId/orders')
export class OrdersController {
  constructor(
    private readonly orders: Orders,
    private readonly timelines: Timelines,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'Orders as Waco knows them, newest first',
    description: 'The shop owns them. Links and addresses of payment pages are not shown.',
  })
  @ApiProblems(404)
  @ApiOkResponse({ type: OrderPage })
  async list(
    @Param() { merchantId }: MerchantParams,
    @Query() query: OrderQuery,
    @Shown() { show }: Showing,
  ): Promise<OrderPage> {
    const rows = await this.orders.list(merchantId, { ...query, after: afterOf(query.cursor) });
    return page(
      rows,
      query.limit,
      (row) => keyOf(row.createdKey, row.orderRef),
      (row) => OrderView.of(row, show),
    );
  }

  @Get(':id')
  @ApiOperation({ summary: "One order, by its reference or the shop's number" })
  @ApiProblems(404)
  @ApiOkResponse({ type: OrderView })
  async find(
    @Param() { merchantId, id }: IdParams,
    @Query() _shown: ShowQuery,
    @Shown() { show }: Showing,
  ): Promise<OrderView> {
    return OrderView.of(await this.orders.find(merchantId, id), show);
  }

  @Get(':id/timeline')
  @ApiOperation({
    summary: 'What happened to an order, across all services, oldest first',
    description: 'Webhooks, errands, payments, holds, parcels, and each message with its deliveries.',
  })
  @ApiProblems(404)
  @ApiOkResponse({ type: TimelinePage })
  async timeline(
    @Param() { merchantId, id }: IdParams,
    @Query() query: ShowPageQuery,
    @Shown() { show }: Showing,
  ): Promise<TimelinePage> {
    return timelinePage(await this.timelines.ofOrder(merchantId, id), query, show);
  }
}
