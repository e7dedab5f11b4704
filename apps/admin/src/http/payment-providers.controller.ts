import { Body, Controller, Get, Inject, Param, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { PaymentProviderEntity } from '#persistence';
import { ENV } from '#platform';
import type { AdminEnv } from '../env.js';
import { Connections } from '../onboarding/connections.js';
import { ApiProblems, ApiResource } from './api-docs.js';
import { PutStripe, StripeView } from './connections.dto.js';
import { problem } from './problem.js';

@ApiResource('Payment providers')
@Controller('v1/merchants/:merchantId/payment-providers/stripe')
export class PaymentProvidersController {
  constructor(
    private readonly connections: Connections,
    @Inject(ENV) private readonly env: AdminEnv,
  ) {}

  @Put()
  @ApiOperation({ summary: 'Connect Stripe, or replace its keys' })
  @ApiProblems(404)
  @ApiOkResponse({ type: StripeView })
  async put(@Param('merchantId') merchantId: string, @Body() body: PutStripe): Promise<StripeView> {
    return StripeView.of(await this.connections.putStripe(merchantId, body), this.env.PUBLIC_GATEWAY_URL);
  }

  @Get()
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
}
