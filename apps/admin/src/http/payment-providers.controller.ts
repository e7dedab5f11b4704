import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { PaymentProviderEntity } from '#persistence';
import { ENV } from '#platform';
import { Needs } from '../auth/access.js';
import type { AdminEnv } from '../env.js';
import { ConnectionTests } from '../onboarding/connection-tests.js';
import { Connections } from '../onboarding/connections.js';
import { ApiProblems, ApiResource } from './api-docs.js';
import { PutStripe, StripeView } from './connections.dto.js';
import { problem } from './problem.js';
import { ConnectionTestView } from './tests.dto.js';

@ApiResource('Payment providers')
@Controller('v1/merchants/:merchantId/payment-providers/stripe')
export class PaymentProvidersController {
  constructor(
    private readonly connections: Connections,
    private readonly tests: ConnectionTests,
    @Inject(ENV) private readonly env: AdminEnv,
  ) {}

  @Put()
  @Needs('merchants:write')
  @ApiOperation({ summary: 'Connect Stripe, or replace its keys' })
  @ApiProblems(404, 409)
  @ApiOkResponse({ type: StripeView })
  async put(@Param('merchantId') merchantId: string, @Body() body: PutStripe): Promise<StripeView> {
    return StripeView.of(await this.connections.putStripe(merchantId, body), this.env.PUBLIC_GATEWAY_URL);
  }

  @Get()
  @Needs('merchants:read')
  @ApiOperation({ summary: 'The connected Stripe account' })
  @ApiProblems(404)
  @ApiOkResponse({ type: StripeView })
  async find(@Param('merchantId') merchantId: string): Promise<StripeView> {
    const row = await this.connections.find(merchantId, (tx) =>
      tx.findOneBy(PaymentProviderEntity, { merchantId, kind: 'stripe' }),
    );
    if (!row) throw problem(404, 'not_connected', 'Stripe is not connected yet');
    return StripeView.of(row, this.env.PUBLIC_GATEWAY_URL);
  }

  @Post('test')
  @Needs('merchants:write')
  @HttpCode(200)
  @ApiOperation({ summary: 'Ask Stripe whose the stored key is, now' })
  @ApiProblems(404, 409)
  @ApiOkResponse({ type: ConnectionTestView })
  test(@Param('merchantId') merchantId: string): Promise<ConnectionTestView> {
    return this.tests.stripe(merchantId);
  }
}
