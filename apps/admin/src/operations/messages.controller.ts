import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { ApiProblems, ApiResource } from '../http/api-docs.js';
import { page } from '../http/page.dto.js';
import { Shown, type Showing } from '../http/shown.js';
import { explain } from './explain.js';
import { callsOf, statusesOf } from './journal-items.js';
import { numberAfter } from './keyset.js';
import {
  DeliveryPage,
  DeliveryQuery,
  DeliveryView,
  ExplanationView,
  MessagePage,
  MessageQuery,
  MessageView,
} from './messages.dto.js';
import { findMessage, Messages } from './messages.js';
import { IdParams, MerchantParams, ShowQuery } from './queries.dto.js';
import { Reading } from './reading.js';

@ApiResource('Messages')
@Controller('v1/merchants/:merchantId')
export class MessagesController {
  constructor(
    private readonly messages: Messages,
    private readonly reading: Reading,
  ) {}

  @Get('messages')
  @ApiOperation({
    summary: 'Messages to customers, newest first',
    description: 'Phone numbers are masked, and links to payment pages are left out.',
  })
  @ApiProblems(404)
  @ApiOkResponse({ type: MessagePage })
  async list(
    @Param() { merchantId }: MerchantParams,
    @Query() query: MessageQuery,
    @Shown() { show }: Showing,
  ): Promise<MessagePage> {
    const rows = await this.messages.list(merchantId, { ...query, before: numberAfter(query.cursor) });
    return page(
      rows,
      query.limit,
      (row) => row.seq,
      (row) => MessageView.of(row, show),
    );
  }

  @Get('messages/:id')
  @ApiOperation({ summary: 'One message' })
  @ApiProblems(404)
  @ApiOkResponse({ type: MessageView })
  async find(
    @Param() { merchantId, id }: IdParams,
    @Query() _shown: ShowQuery,
    @Shown() { show }: Showing,
  ): Promise<MessageView> {
    return MessageView.of(await this.messages.find(merchantId, id), show);
  }

  @Get('messages/:id/explain')
  @ApiOperation({
    summary: 'Why a message went out, waits or failed, in words',
    description: 'What was looked at, what was decided and why, each call to the channel, each status.',
  })
  @ApiProblems(404)
  @ApiOkResponse({ type: ExplanationView })
  explain(
    @Param() { merchantId, id }: IdParams,
    @Query() _shown: ShowQuery,
    @Shown() { show }: Showing,
  ): Promise<ExplanationView> {
    return this.reading.of(merchantId, async (tx) => {
      const message = await findMessage(tx, merchantId, id);
      const calls = await callsOf(tx, merchantId, message);
      const statuses = await statusesOf(tx, merchantId, message);
      return ExplanationView.of(message, explain(message, calls, statuses), show);
    });
  }

  @Get('deliveries')
  @ApiOperation({
    summary: 'What became of the messages that the channel was handed, newest first',
    description: 'Each status with its time; errors and prices as the channel gave them.',
  })
  @ApiProblems(404)
  @ApiOkResponse({ type: DeliveryPage })
  async deliveries(
    @Param() { merchantId }: MerchantParams,
    @Query() query: DeliveryQuery,
    @Shown() { show }: Showing,
  ): Promise<DeliveryPage> {
    const search = { ...query, before: numberAfter(query.cursor), handedOver: true };
    return page(
      await this.messages.list(merchantId, search),
      query.limit,
      (row) => row.seq,
      (row) => DeliveryView.of(row, show),
    );
  }
}
