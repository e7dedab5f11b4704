import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { Caller } from '#core/tenancy';
import { Calling } from '../auth/access.js';
import { ApiProblems, ApiResource } from '../http/api-docs.js';
import { page } from '../http/page.dto.js';
import { afterOf, keyOf } from './keyset.js';
import { MerchantParams, ShowQuery } from './queries.dto.js';
import { shownTo } from './reading.js';
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
    @Calling() caller: Caller,
  ): Promise<WebhookPage> {
    const show = shownTo(caller, query.unmasked);
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
    @Query() query: ShowQuery,
    @Calling() caller: Caller,
  ): Promise<WebhookView> {
    const show = shownTo(caller, query.unmasked);
    return WebhookView.of(await this.webhooks.find(merchantId, id), show);
  }
}
