import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { Caller } from '#core/tenancy';
import { ApiKeys, showApiKey } from '../auth/api-keys.js';
import { fromCursor } from '../cursors.js';
import { Merchants, requireOpen } from '../onboarding/merchants.js';
import { Calling, Needs } from './access.js';
import { ApiIdempotencyKey, ApiProblems, ApiResource } from './api-docs.js';
import { ApiKeyPage, CreateApiKey, NewApiKeyView, RotateApiKey } from './api-keys.dto.js';
import { Idempotency, Repeatable, type RepeatableRequest } from './idempotency.js';
import { page, PageQuery } from './page.dto.js';

@ApiResource('API keys')
@Controller('v1/merchants/:merchantId/api-keys')
export class ApiKeysController {
  constructor(
    private readonly merchants: Merchants,
    private readonly keys: ApiKeys,
    private readonly idempotency: Idempotency,
  ) {}

  @Post()
  @Needs('keys:write')
  @ApiOperation({
    summary: 'Make a key for this merchant',
    description: 'The key is shown in this answer only. It can do no more than the key that makes it.',
  })
  @ApiIdempotencyKey()
  @ApiProblems(404, 409)
  @ApiCreatedResponse({ type: NewApiKeyView })
  async create(
    @Param('merchantId') merchantId: string,
    @Body() body: CreateApiKey,
    @Calling() caller: Caller,
    @Repeatable() request: RepeatableRequest,
  ): Promise<NewApiKeyView> {
    return this.idempotency.once(request, merchantId, async (tx) => {
      requireOpen(await this.merchants.lock(tx, merchantId));
      const { row, key } = await this.keys.create(tx, merchantId, caller, body);
      return { ...showApiKey(row), key };
    });
  }

  @Get()
  @Needs('keys:read')
  @ApiOperation({ summary: "The merchant's keys, oldest first, without the keys themselves" })
  @ApiProblems(404)
  @ApiOkResponse({ type: ApiKeyPage })
  list(@Param('merchantId') merchantId: string, @Query() query: PageQuery): Promise<ApiKeyPage> {
    return this.merchants.read(merchantId, async (tx) => {
      const rows = await this.keys.list(tx, merchantId, query.limit, fromCursor(query.cursor));
      return page(rows, query.limit, (row) => row.id, showApiKey);
    });
  }

  @Post(':keyId/rotate')
  @Needs('keys:write')
  @ApiOperation({
    summary: 'Make a key in the place of this one',
    description:
      'The new key has the same name and scopes, and as long a life. The old one stays good for `overlapSeconds`.',
  })
  @ApiIdempotencyKey()
  @ApiProblems(404, 409)
  @ApiCreatedResponse({ type: NewApiKeyView })
  async rotate(
    @Param('merchantId') merchantId: string,
    @Param('keyId') keyId: string,
    @Body() body: RotateApiKey,
    @Calling() caller: Caller,
    @Repeatable() request: RepeatableRequest,
  ): Promise<NewApiKeyView> {
    return this.idempotency.once(request, merchantId, async (tx) => {
      requireOpen(await this.merchants.lock(tx, merchantId));
      const { row, key } = await this.keys.rotate(tx, merchantId, caller, keyId, body.overlapSeconds);
      return { ...showApiKey(row), key };
    });
  }

  @Delete(':keyId')
  @Needs('keys:write')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Revoke a key, at once and for good',
    description: 'Not one that may do more than the key that asks.',
  })
  @ApiProblems(404)
  @ApiNoContentResponse()
  async revoke(
    @Param('merchantId') merchantId: string,
    @Param('keyId') keyId: string,
    @Calling() caller: Caller,
  ): Promise<void> {
    await this.merchants.within(merchantId, (tx) => this.keys.revoke(tx, merchantId, caller, keyId));
  }
}
