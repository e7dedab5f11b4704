import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { Caller } from '#core/tenancy';
import { ENV } from '#platform';
import { Calling, Needs } from '../auth/access.js';
import type { AdminEnv } from '../env.js';
import { ConnectionTests } from '../onboarding/connection-tests.js';
import { Stores } from '../onboarding/stores.js';
import { ApiProblems, ApiResource } from './api-docs.js';
import { PutStore, StoreView } from './connections.dto.js';
import { ConnectionTestView } from './tests.dto.js';

@ApiResource('Store')
@Controller('v1/merchants/:merchantId/store')
export class StoresController {
  constructor(
    private readonly stores: Stores,
    private readonly tests: ConnectionTests,
    @Inject(ENV) private readonly env: AdminEnv,
  ) {}

  @Put()
  @Needs('merchants:write')
  @ApiOperation({
    summary: 'Connect the shop, or replace its settings',
    description: 'Starts a full catalog sync.',
  })
  @ApiProblems(404, 409)
  @ApiOkResponse({ type: StoreView })
  async put(
    @Param('merchantId') merchantId: string,
    @Body() body: PutStore,
    @Calling() caller: Caller,
  ): Promise<StoreView> {
    return this.view(await this.stores.putStore(merchantId, body, caller));
  }

  @Get()
  @Needs('merchants:read')
  @ApiOperation({ summary: 'The connected shop' })
  @ApiProblems(404)
  @ApiOkResponse({ type: StoreView })
  async find(@Param('merchantId') merchantId: string): Promise<StoreView> {
    return this.view(await this.stores.findStore(merchantId));
  }

  @Post('test')
  @Needs('merchants:write')
  @HttpCode(200)
  @ApiOperation({ summary: 'Ask the shop for its products now, with the stored key' })
  @ApiProblems(404, 409)
  @ApiOkResponse({ type: ConnectionTestView })
  test(@Param('merchantId') merchantId: string): Promise<ConnectionTestView> {
    return this.tests.store(merchantId);
  }

  private view(row: Parameters<typeof StoreView.of>[0]): StoreView {
    return StoreView.of(row, this.env.PUBLIC_GATEWAY_URL);
  }
}
