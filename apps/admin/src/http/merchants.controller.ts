import { Body, Controller, Get, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { MerchantEntity } from '#persistence';
import { newId } from '#platform';
import { fromCursor } from '../cursors.js';
import { Merchants, showMerchant } from '../onboarding/merchants.js';
import { Needs, OperatorOnly } from './access.js';
import { ApiIdempotencyKey, ApiIfMatch, ApiProblems, ApiResource } from './api-docs.js';
import { IfMatch, withEtag } from './etag.js';
import { Idempotency, Repeatable, type RepeatableRequest } from './idempotency.js';
import { CreateMerchant, MerchantPage, MerchantView, UpdateMerchant } from './merchants.dto.js';
import { page, PageQuery } from './page.dto.js';

@ApiResource('Merchants')
@Controller('v1/merchants')
export class MerchantsController {
  constructor(
    private readonly merchants: Merchants,
    private readonly idempotency: Idempotency,
  ) {}

  @Post()
  @OperatorOnly()
  @Needs('merchants:write')
  @ApiOperation({ summary: 'Take a merchant on', description: 'Operators only.' })
  @ApiIdempotencyKey()
  @ApiProblems(409)
  @ApiCreatedResponse({ type: MerchantView })
  create(@Body() body: CreateMerchant, @Repeatable() request: RepeatableRequest): Promise<MerchantView> {
    const merchantId = newId('mer');
    return this.idempotency.once(request, merchantId, async (tx) =>
      showMerchant(await this.merchants.create(tx, merchantId, body)),
    );
  }

  @Get()
  @OperatorOnly()
  @Needs('merchants:read')
  @ApiOperation({ summary: 'All merchants, oldest first', description: 'Operators only.' })
  @ApiOkResponse({ type: MerchantPage })
  async list(@Query() query: PageQuery): Promise<MerchantPage> {
    const rows = await this.merchants.list(query.limit, fromCursor(query.cursor));
    return page(rows, query.limit, (row) => row.merchantId, showMerchant);
  }

  @Get(':merchantId')
  @Needs('merchants:read')
  @ApiOperation({ summary: 'One merchant', description: 'With its ETag.' })
  @ApiProblems(404)
  @ApiOkResponse({ type: MerchantView })
  async find(
    @Param('merchantId') merchantId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MerchantView> {
    return tagged(reply, await this.merchants.find(merchantId));
  }

  @Patch(':merchantId')
  @Needs('merchants:write')
  @ApiOperation({ summary: 'Change a merchant' })
  @ApiIfMatch()
  @ApiProblems(404, 409)
  @ApiOkResponse({ type: MerchantView })
  async update(
    @Param('merchantId') merchantId: string,
    @IfMatch() ifMatch: string,
    @Body() body: UpdateMerchant,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<MerchantView> {
    return tagged(reply, await this.merchants.update(merchantId, ifMatch, body));
  }
}

export function tagged(reply: FastifyReply, row: MerchantEntity): MerchantView {
  return withEtag(reply, row.version, showMerchant(row));
}
