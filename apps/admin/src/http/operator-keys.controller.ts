import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import type { Caller } from '#core/tenancy';
import { ApiKeys, showApiKey } from '../auth/api-keys.js';
import { fromCursor } from '../cursors.js';
import { Calling, Needs, OperatorOnly } from './access.js';
import { ApiIdempotencyKey, ApiProblems, ApiResource } from './api-docs.js';
import { ApiKeyPage, CreateApiKey, NewApiKeyView, RotateApiKey } from './api-keys.dto.js';
import { Idempotency, Repeatable, type RepeatableRequest } from './idempotency.js';
import { page, PageQuery } from './page.dto.js';

/** Keys of the people and systems that run the platform. */
@ApiResource('Operator keys')
@OperatorOnly()
@Controller('v1/operator-keys')
export class OperatorKeysController {
  constructor(
    private readonly database: DataSource,
    private readonly keys: ApiKeys,
    private readonly idempotency: Idempotency,
  ) {}

  @Post()
  @Needs('keys:write')
  @ApiOperation({
    summary: 'Make a key for an operator',
    description: 'The key is shown in this answer only. It can do no more than the key that makes it.',
  })
  @ApiIdempotencyKey()
  @ApiCreatedResponse({ type: NewApiKeyView })
  create(
    @Body() body: CreateApiKey,
    @Calling() caller: Caller,
    @Repeatable() request: RepeatableRequest,
  ): Promise<NewApiKeyView> {
    return this.idempotency.once(request, null, async (tx) => {
      const { row, key } = await this.keys.create(tx, null, caller, body);
      return { ...showApiKey(row), key };
    });
  }

  @Get()
  @Needs('keys:read')
  @ApiOperation({ summary: "The operators' keys, oldest first, without the keys themselves" })
  @ApiOkResponse({ type: ApiKeyPage })
  async list(@Query() query: PageQuery): Promise<ApiKeyPage> {
    const after = fromCursor(query.cursor);
    const rows = await this.keys.list(this.database.manager, null, query.limit, after);
    return page(rows, query.limit, (row) => row.id, showApiKey);
  }

  @Post(':keyId/rotate')
  @Needs('keys:write')
  @ApiOperation({
    summary: 'Make a key in the place of this one',
    description: 'The key that the environment gives is changed there.',
  })
  @ApiIdempotencyKey()
  @ApiProblems(404, 409)
  @ApiCreatedResponse({ type: NewApiKeyView })
  rotate(
    @Param('keyId') keyId: string,
    @Body() body: RotateApiKey,
    @Calling() caller: Caller,
    @Repeatable() request: RepeatableRequest,
  ): Promise<NewApiKeyView> {
    return this.idempotency.once(request, null, async (tx) => {
      const { row, key } = await this.keys.rotate(tx, null, caller, keyId, body.overlapSeconds);
      return { ...showApiKey(row), key };
    });
  }

  @Delete(':keyId')
  @Needs('keys:write')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Revoke a key, at once and for good',
    description:
      'Not one that may do more than the key that asks. The key that the environment gives comes back when it is changed there.',
  })
  @ApiProblems(404)
  @ApiNoContentResponse()
  revoke(@Param('keyId') keyId: string, @Calling() caller: Caller): Promise<void> {
    return this.database.transaction((tx) => this.keys.revoke(tx, null, caller, keyId));
  }
}
