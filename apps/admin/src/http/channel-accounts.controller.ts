import { Body, Controller, Get, HttpCode, Inject, Param, Patch, Post, Put, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ENV } from '#platform';
import { Needs } from '../auth/access.js';
import type { AdminEnv } from '../env.js';
import { ChannelAccounts, type NewAccount } from '../onboarding/channel-accounts.js';
import { ConnectionTests } from '../onboarding/connection-tests.js';
import { Merchants, requireOpen } from '../onboarding/merchants.js';
import { ApiIdempotencyKey, ApiIfMatch, ApiProblems, ApiResource } from './api-docs.js';
import {
  ChannelAccountPage,
  ChannelAccountView,
  ConnectInstagram,
  ConnectMessenger,
  UpdateChannelAccount,
} from './channel-accounts.dto.js';
import { PutWhatsAppAccount, WhatsAppAccountView } from './connections.dto.js';
import { Idempotency, Repeatable, type RepeatableRequest } from './idempotency.js';
import { MaybeIfMatch, withTag } from './etag.js';
import { fromCursor, page, PageQuery } from './page.dto.js';
import { ConnectionTestView } from './tests.dto.js';

@ApiResource('Channel accounts')
@Controller('v1/merchants/:merchantId/channel-accounts')
export class ChannelAccountsController {
  constructor(
    private readonly accounts: ChannelAccounts,
    private readonly tests: ConnectionTests,
    private readonly merchants: Merchants,
    private readonly idempotency: Idempotency,
    @Inject(ENV) private readonly env: AdminEnv,
  ) {}

  @Get()
  @Needs('merchants:read')
  @ApiOperation({ summary: 'Numbers, pages and accounts that are connected, oldest first' })
  @ApiProblems(404)
  @ApiOkResponse({ type: ChannelAccountPage })
  async list(
    @Param('merchantId') merchantId: string,
    @Query() query: PageQuery,
  ): Promise<ChannelAccountPage> {
    const rows = await this.accounts.list(merchantId, query.limit, fromCursor(query.cursor));
    return page(rows, query.limit, (row) => row.id, ChannelAccountView.of);
  }

  @Put('whatsapp')
  @Needs('merchants:write')
  @ApiOperation({
    summary: 'Connect the WhatsApp number, or replace its settings',
    description: 'Of several numbers, the one with this `phoneNumberId`.',
  })
  @ApiIfMatch({ required: false, asked: false })
  @ApiProblems(404, 409)
  @ApiOkResponse({ type: WhatsAppAccountView })
  async put(
    @Param('merchantId') merchantId: string,
    @Body() body: PutWhatsAppAccount,
    @MaybeIfMatch() ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WhatsAppAccountView> {
    const row = await this.accounts.putWhatsApp(merchantId, body, ifMatch);
    return withTag(reply, row, WhatsAppAccountView.of(row, this.env.PUBLIC_GATEWAY_URL));
  }

  @Get('whatsapp')
  @Needs('merchants:read')
  @ApiOperation({ summary: 'The WhatsApp number that was connected first', description: 'With its ETag.' })
  @ApiProblems(404)
  @ApiOkResponse({ type: WhatsAppAccountView })
  async findFirst(
    @Param('merchantId') merchantId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<WhatsAppAccountView> {
    const row = await this.accounts.firstWhatsApp(merchantId);
    return withTag(reply, row, WhatsAppAccountView.of(row, this.env.PUBLIC_GATEWAY_URL));
  }

  @Post('whatsapp')
  @Needs('merchants:write')
  @ApiOperation({
    summary: 'Connect one more WhatsApp number',
    description: 'It can send the templates that the other numbers of its business account have.',
  })
  @ApiIdempotencyKey()
  @ApiProblems(404, 409)
  @ApiCreatedResponse({ type: ChannelAccountView })
  createWhatsApp(
    @Param('merchantId') merchantId: string,
    @Body() body: PutWhatsAppAccount,
    @Repeatable() request: RepeatableRequest,
  ): Promise<ChannelAccountView> {
    const { phoneNumberId: senderId, displayPhoneNumber: displayName } = body;
    return this.create(merchantId, request, { ...body, kind: 'whatsapp', senderId, displayName });
  }

  @Post('messenger')
  @Needs('merchants:write')
  @ApiOperation({
    summary: 'Store a Messenger page',
    description: 'Nothing is sent from it or read from it yet.',
  })
  @ApiIdempotencyKey()
  @ApiProblems(404, 409)
  @ApiCreatedResponse({ type: ChannelAccountView })
  createMessenger(
    @Param('merchantId') merchantId: string,
    @Body() body: ConnectMessenger,
    @Repeatable() request: RepeatableRequest,
  ): Promise<ChannelAccountView> {
    const { pageId } = body;
    const account = { ...body, kind: 'messenger', businessAccountId: pageId, senderId: pageId } as const;
    return this.create(merchantId, request, account);
  }

  @Post('instagram')
  @Needs('merchants:write')
  @ApiOperation({
    summary: 'Store an Instagram account',
    description: 'Nothing is sent from it or read from it yet.',
  })
  @ApiIdempotencyKey()
  @ApiProblems(404, 409)
  @ApiCreatedResponse({ type: ChannelAccountView })
  createInstagram(
    @Param('merchantId') merchantId: string,
    @Body() body: ConnectInstagram,
    @Repeatable() request: RepeatableRequest,
  ): Promise<ChannelAccountView> {
    const { pageId: businessAccountId, instagramAccountId: senderId } = body;
    return this.create(merchantId, request, { ...body, kind: 'instagram', businessAccountId, senderId });
  }

  @Get(':accountId')
  @Needs('merchants:read')
  @ApiOperation({ summary: 'One channel account', description: 'With its ETag.' })
  @ApiProblems(404)
  @ApiOkResponse({ type: ChannelAccountView })
  async find(
    @Param('merchantId') merchantId: string,
    @Param('accountId') accountId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ChannelAccountView> {
    const row = await this.accounts.find(merchantId, accountId);
    return withTag(reply, row, ChannelAccountView.of(row));
  }

  @Patch(':accountId')
  @Needs('merchants:write')
  @ApiOperation({ summary: 'Change a channel account: switch it off, give it a new token' })
  @ApiIfMatch({ required: false, asked: false })
  @ApiProblems(404, 409)
  @ApiOkResponse({ type: ChannelAccountView })
  async update(
    @Param('merchantId') merchantId: string,
    @Param('accountId') accountId: string,
    @Body() body: UpdateChannelAccount,
    @MaybeIfMatch() ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ChannelAccountView> {
    const row = await this.accounts.update(merchantId, accountId, body, ifMatch);
    return withTag(reply, row, ChannelAccountView.of(row));
  }

  @Post(':accountId/test')
  @Needs('merchants:write')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Ask Meta about it now, with the stored token',
    description: 'Of an Instagram account also whether it is linked with its page.',
  })
  @ApiProblems(404, 409)
  @ApiOkResponse({ type: ConnectionTestView })
  test(
    @Param('merchantId') merchantId: string,
    @Param('accountId') accountId: string,
  ): Promise<ConnectionTestView> {
    return this.tests.channelAccount(merchantId, accountId);
  }

  private create(
    merchantId: string,
    request: RepeatableRequest,
    account: NewAccount,
  ): Promise<ChannelAccountView> {
    return this.idempotency.once(request, merchantId, async (tx) => {
      requireOpen(await this.merchants.lock(tx, merchantId));
      return ChannelAccountView.of(await this.accounts.create(tx, merchantId, account));
    });
  }
}
