import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { ApiKeyEntity } from '#persistence';
import { CLOCK, type Clock } from '#platform';
import { ApiKeyStore } from '../auth/api-key.store.js';
import { Merchants } from '../onboarding/merchants.js';
import { ApiIdempotencyKey, ApiProblems, ApiResource } from './api-docs.js';
import { ApiKeyList, ApiKeyView, CreateApiKey, NewApiKeyView } from './api-keys.dto.js';
import { Idempotency, Repeatable, type RepeatableRequest } from './idempotency.js';
import { fieldProblem, problem } from './problem.js';

@ApiResource('API keys')
@Controller('v1/merchants/:merchantId/api-keys')
export class ApiKeysController {
  constructor(
    private readonly merchants: Merchants,
    private readonly keys: ApiKeyStore,
    private readonly idempotency: Idempotency,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Post()
  @ApiOperation({
    summary: 'Make a key for this merchant',
    description: 'The key is shown in this answer only.',
  })
  @ApiIdempotencyKey()
  @ApiProblems(404)
  @ApiCreatedResponse({ type: NewApiKeyView })
  async create(
    @Param('merchantId') merchantId: string,
    @Body() body: CreateApiKey,
    @Repeatable() request: RepeatableRequest,
  ): Promise<NewApiKeyView> {
    const expiresAt = body.expiresAt === undefined ? null : new Date(body.expiresAt);
    if (expiresAt && expiresAt <= this.clock.now()) {
      throw fieldProblem([{ field: 'expiresAt', rule: 'future', detail: 'expiresAt must be in the future' }]);
    }
    await this.merchants.find(merchantId);
    return this.idempotency.once(request, merchantId, async (tx) => {
      const { row, key } = await this.keys.create(tx, merchantId, { name: body.name, expiresAt });
      return { ...ApiKeyView.of(row), key };
    });
  }

  @Get()
  @ApiOperation({ summary: "The merchant's keys, without the keys themselves" })
  @ApiProblems(404)
  @ApiOkResponse({ type: ApiKeyList })
  list(@Param('merchantId') merchantId: string): Promise<ApiKeyList> {
    return this.merchants.within(merchantId, async (tx) => {
      const rows = await tx.find(ApiKeyEntity, { where: { merchantId }, order: { id: 'ASC' } });
      return { items: rows.map(ApiKeyView.of) };
    });
  }

  @Delete(':keyId')
  @HttpCode(204)
  @ApiOperation({ summary: 'Revoke a key, at once and for good' })
  @ApiProblems(404)
  @ApiNoContentResponse()
  async revoke(@Param('merchantId') merchantId: string, @Param('keyId') keyId: string): Promise<void> {
    await this.merchants.within(merchantId, async (tx) => {
      const row = await tx.findOneBy(ApiKeyEntity, { id: keyId, merchantId });
      if (!row) throw problem(404, 'key_not_found', 'this merchant has no such key');
      if (!row.revokedAt) await tx.update(ApiKeyEntity, { id: keyId }, { revokedAt: this.clock.now() });
    });
  }
}
