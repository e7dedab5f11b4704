import { Body, Controller, Get, Inject, Param, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { Caller } from '#core/tenancy';
import { StoreConnectionEntity } from '#persistence';
import { ENV } from '#platform';
import { Calling } from '../auth/access.js';
import type { AdminEnv } from '../env.js';
import { Connections } from '../onboarding/connections.js';
import { ApiProblems, ApiResource } from './api-docs.js';
import { PutStore, StoreView } from './connections.dto.js';
import { problem } from './problem.js';

@ApiResource('Store')
@Controller('v1/merchants/:merchantId/store')
export class StoresController {
  constructor(
    private readonly connections: Connections,
    @Inject(ENV) private readonly env: AdminEnv,
  ) {}

  @Put()
  @ApiOperation({
    summary: 'Connect the shop, or replace its settings',
    description: 'Starts a full catalog sync.',
  })
  @ApiProblems(404)
  @ApiOkResponse({ type: StoreView })
  async put(
    @Param('merchantId') merchantId: string,
    @Body() body: PutStore,
    @Calling() caller: Caller,
  ): Promise<StoreView> {
    return StoreView.of(
      await this.connections.putStore(merchantId, body, caller),
      this.env.PUBLIC_GATEWAY_URL,
    );
  }

  @Get()
  @ApiOperation({ summary: 'The connected shop' })
  @ApiProblems(404)
  @ApiOkResponse({ type: StoreView })
  async find(@Param('merchantId') merchantId: string): Promise<StoreView> {
    const row = await this.connections.find(merchantId, (tx) =>
      tx.findOneBy(StoreConnectionEntity, { merchantId }),
    );
    if (!row) throw problem(404, 'not_connected', 'no shop is connected yet');
    return StoreView.of(row, this.env.PUBLIC_GATEWAY_URL);
  }
}
