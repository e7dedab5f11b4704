import { Body, Controller, Get, Inject, Param, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { ChannelAccountEntity } from '#persistence';
import { ENV } from '#platform';
import type { AdminEnv } from '../env.js';
import { Connections } from '../onboarding/connections.js';
import { ApiProblems, ApiResource } from './api-docs.js';
import { PutWhatsAppAccount, WhatsAppAccountView } from './connections.dto.js';
import { problem } from './problem.js';

@ApiResource('Channel accounts')
@Controller('v1/merchants/:merchantId/channel-accounts/whatsapp')
export class ChannelAccountsController {
  constructor(
    private readonly connections: Connections,
    @Inject(ENV) private readonly env: AdminEnv,
  ) {}

  @Put()
  @ApiOperation({ summary: 'Connect a WhatsApp number, or replace its settings' })
  @ApiProblems(404, 409)
  @ApiOkResponse({ type: WhatsAppAccountView })
  async put(
    @Param('merchantId') merchantId: string,
    @Body() body: PutWhatsAppAccount,
  ): Promise<WhatsAppAccountView> {
    const row = await this.connections.putWhatsApp(merchantId, body);
    return WhatsAppAccountView.of(row, this.env.PUBLIC_GATEWAY_URL);
  }

  @Get()
  @ApiOperation({ summary: 'The connected WhatsApp number' })
  @ApiProblems(404)
  @ApiOkResponse({ type: WhatsAppAccountView })
  async find(@Param('merchantId') merchantId: string): Promise<WhatsAppAccountView> {
    const row = await this.connections.find(merchantId, (tx) =>
      tx.findOneBy(ChannelAccountEntity, { merchantId, kind: 'whatsapp' }),
    );
    if (!row) throw problem(404, 'not_connected', 'no WhatsApp number is connected yet');
    return WhatsAppAccountView.of(row, this.env.PUBLIC_GATEWAY_URL);
  }
}
