import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { ApiProblems, ApiResource } from '../http/api-docs.js';
import { page } from '../http/page.dto.js';
import { Shown, type Showing } from '../http/shown.js';
import { afterOf, keyOf } from './keyset.js';
import { MerchantParams, ShowQuery } from './queries.dto.js';
import { ItemParams, WebhookPage, WebhookQuery, WebhookView } from './webhooks.dto.js';
import { Webhooks } from './webhooks.js';

@ApiResource('Webhooks')
@Controller('v1/merchants/:merchantId/webhooks')
export class WebhooksController {
  constructor(private readonly webhooks: Webhooks) {}

  @Get()
  @ApiOperation({
    summary: 'What came from outside, item by item, latest first',
    description: 'One webhook may hold several items. `from` and `to` are times of receipt.',
  })
  @ApiProblems(404)
  @ApiOkResponse({ type: WebhookPage })
  async list(
    @Param() { merchantId }: MerchantParams,
    @Query() query: WebhookQuery,
    @Shown() { show }: Showing,
  ): Promise<WebhookPage> {
    const rows = await this.webhooks.list(merchantId, {
      ...query,
      after: afterOf(query.cursor, /^\d{1,18}$/),
    });
    return page(
      rows,
      query.limit,
      (row) => keyOf(row.receivedKey, row.id),
      (row) => WebhookView.of(row, show),
    );
  }

  @Get(':id')
  @ApiOperation({ summary: 'One item' })
  @ApiProblems(404)
  @ApiOkResponse({ type: WebhookView })
  async find(
    @Param() { merchantId, id }: ItemParams,
    @Query() _shown: ShowQuery,
    @Shown() { show }: Showing,
  ): Promise<WebhookView> {
    return WebhookView.of(await this.webhooks.find(merchantId, id), show);
  }
}
