import { Body, Controller, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { Caller } from '#core/tenancy';
import { newId } from '#platform';
import { Calling, OperatorOnly } from '../auth/access.js';
import { Merchants } from '../onboarding/merchants.js';
import { ApiIdempotencyKey, ApiProblems, ApiResource } from './api-docs.js';
import { Idempotency, Repeatable, type RepeatableRequest } from './idempotency.js';
import { CreateMerchant, MerchantPage, MerchantView, UpdateMerchant } from './merchants.dto.js';
import { fromCursor, page, PageQuery } from './page.dto.js';
import { problem } from './problem.js';

@ApiResource('Merchants')
@Controller('v1/merchants')
export class MerchantsController {
  constructor(
    private readonly merchants: Merchants,
    private readonly idempotency: Idempotency,
  ) {}

  @Post()
  @OperatorOnly()
  @ApiOperation({ summary: 'Take a merchant on', description: 'Operators only.' })
  @ApiIdempotencyKey()
  @ApiProblems(409)
  @ApiCreatedResponse({ type: MerchantView })
  create(@Body() body: CreateMerchant, @Repeatable() request: RepeatableRequest): Promise<MerchantView> {
    const merchantId = newId('mer');
    return this.idempotency.once(request, merchantId, async (tx) =>
      MerchantView.of(await this.merchants.create(tx, merchantId, body)),
    );
  }

  @Get()
  @OperatorOnly()
  @ApiOperation({ summary: 'All merchants, oldest first', description: 'Operators only.' })
  @ApiOkResponse({ type: MerchantPage })
  async list(@Query() query: PageQuery): Promise<MerchantPage> {
    const rows = await this.merchants.list(query.limit, fromCursor(query.cursor));
    return page(rows, query.limit, (row) => row.merchantId, MerchantView.of);
  }

  @Get(':merchantId')
  @ApiOperation({ summary: 'One merchant' })
  @ApiProblems(404)
  @ApiOkResponse({ type: MerchantView })
  async find(@Param('merchantId') merchantId: string): Promise<MerchantView> {
    return MerchantView.of(await this.merchants.find(merchantId));
  }

  @Patch(':merchantId')
  @ApiOperation({ summary: 'Change a merchant', description: 'The status is for operators only.' })
  @ApiProblems(404, 409)
  @ApiOkResponse({ type: MerchantView })
  async update(
    @Param('merchantId') merchantId: string,
    @Body() body: UpdateMerchant,
    @Calling() caller: Caller,
  ): Promise<MerchantView> {
    if (body.status !== undefined && caller.kind !== 'operator') {
      throw problem(403, 'forbidden', "a merchant's status needs an operator's key");
    }
    return MerchantView.of(await this.merchants.update(merchantId, body));
  }
}
