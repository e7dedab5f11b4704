import { Body, Controller, Get, HttpCode, Inject, Param, Patch, Post, Put, Query, Res } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiExtraModels, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Caller } from '#core/tenancy';
import type { ChannelAccountEntity } from '#persistence';
import { ENV } from '#platform';
import { channelOf } from '#vendors';
import { fromCursor } from '../cursors.js';
import type { AdminEnv } from '../env.js';
import { ChannelAccounts, showChannelAccount, type NewAccount } from '../onboarding/channel-accounts.js';
import { ConnectionTests } from '../onboarding/connection-tests.js';
import { divide, requirePublicUrls } from '../onboarding/field-values.js';
import { Merchants, requireOpen } from '../onboarding/merchants.js';
import { Calling, Needs } from './access.js';
import { ApiIdempotencyKey, ApiIfMatch, ApiProblems, ApiResource } from './api-docs.js';
import {
  CHANNEL_FORMS,
  ChannelAccountPage,
  ChannelAccountView,
  ChannelKindParams,
  CHANNEL_UPDATES,
  CHANNEL_VIEWS,
  type ConnectChannelAccount,
} from './channel-accounts.dto.js';
import { Idempotency, Repeatable, type RepeatableRequest } from './idempotency.js';
import { MaybeIfMatch, withTag } from './etag.js';
import { page, PageQuery } from './page.dto.js';
import { ConnectionTestView, SubscriptionView } from './tests.dto.js';
import { check, checkForm, oneOf } from './vendor-form.js';

const FORMS = [...CHANNEL_FORMS.values()];
const UPDATES = [...CHANNEL_UPDATES.values()];

@ApiResource('Channel accounts')
@ApiExtraModels(...FORMS, ...UPDATES, ...CHANNEL_VIEWS)
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
    return page(
      rows,
      query.limit,
      (row) => row.id,
      (row) => this.view(row),
    );
  }

  @Put(':kind')
  @Needs('merchants:write')
  @ApiOperation({
    summary: 'Connect the account of a channel, or replace its settings',
    description: 'Of several of one channel, the one with this sender.',
  })
  @ApiIfMatch({ required: false, asked: false })
  @ApiProblems(404, 409)
  @ApiBody({ schema: oneOf(FORMS) })
  @ApiOkResponse({ schema: oneOf(CHANNEL_VIEWS) })
  async put(
    @Param() { merchantId, kind }: ChannelKindParams,
    @Body() body: unknown,
    @Calling() caller: Caller,
    @MaybeIfMatch() ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ChannelAccountView> {
    const row = await this.accounts.put(merchantId, await accountIn(kind, body, caller, this.env), ifMatch);
    return withTag(reply, row, this.view(row));
  }

  @Post(':kind')
  @Needs('merchants:write')
  @ApiOperation({
    summary: 'Connect one more account of a channel',
    description:
      'It can send the templates that the others of its business account have. Of some channels nothing is sent or read ' +
      'yet: `GET /v1/vendors` says of which.',
  })
  @ApiIdempotencyKey()
  @ApiProblems(404, 409)
  @ApiBody({ schema: oneOf(FORMS) })
  @ApiCreatedResponse({ schema: oneOf(CHANNEL_VIEWS) })
  async create(
    @Param() { merchantId, kind }: ChannelKindParams,
    @Body() body: unknown,
    @Calling() caller: Caller,
    @Repeatable() request: RepeatableRequest,
  ): Promise<ChannelAccountView> {
    const given = await accountIn(kind, body, caller, this.env);
    return this.idempotency.once(request, merchantId, async (tx) => {
      requireOpen(await this.merchants.lock(tx, merchantId));
      return this.view(await this.accounts.create(tx, merchantId, given));
    });
  }

  @Get(':accountId')
  @Needs('merchants:read')
  @ApiOperation({
    summary: 'One channel account',
    description: 'With its ETag. For the name of a channel, the account of it that was connected first.',
  })
  @ApiProblems(404)
  @ApiOkResponse({ schema: oneOf(CHANNEL_VIEWS) })
  async find(
    @Param('merchantId') merchantId: string,
    @Param('accountId') accountId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ChannelAccountView> {
    const row = CHANNEL_FORMS.has(accountId)
      ? await this.accounts.first(merchantId, accountId)
      : await this.accounts.find(merchantId, accountId);
    return withTag(reply, row, this.view(row));
  }

  @Patch(':accountId')
  @Needs('merchants:write')
  @ApiOperation({ summary: 'Change a channel account: switch it off, give it a new token' })
  @ApiIfMatch({ required: false, asked: false })
  @ApiProblems(404, 409)
  @ApiBody({ schema: oneOf(UPDATES) })
  @ApiOkResponse({ schema: oneOf(CHANNEL_VIEWS) })
  async update(
    @Param('merchantId') merchantId: string,
    @Param('accountId') accountId: string,
    @Body() body: unknown,
    @Calling() caller: Caller,
    @MaybeIfMatch() ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ChannelAccountView> {
    const { kind } = await this.accounts.find(merchantId, accountId);
    const change = await check(body, CHANNEL_UPDATES.get(kind)!);
    const vendor = channelOf(kind);
    const parts = divide(vendor, change);
    requirePublicUrls(vendor.fields, parts.settings, caller, this.env);
    const row = await this.accounts.update(merchantId, accountId, { ...change, ...parts }, ifMatch);
    return withTag(reply, row, this.view(row));
  }

  @Post(':accountId/test')
  @Needs('merchants:write')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Ask the channel about it now, with the stored token',
    description: 'Also whether what belongs together belongs together there.',
  })
  @ApiProblems(404, 409)
  @ApiOkResponse({ type: ConnectionTestView })
  test(
    @Param('merchantId') merchantId: string,
    @Param('accountId') accountId: string,
  ): Promise<ConnectionTestView> {
    return this.tests.channelAccount(merchantId, accountId);
  }

  @Post(':accountId/subscribe')
  @Needs('merchants:write')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Have the channel bring the webhooks of this account here',
    description:
      'With the stored secrets; of channels with the capability `subscribe`. Where the channel keeps one address for an account, ' +
      'ours replaces it.',
  })
  @ApiProblems(404, 409, 422, 502)
  @ApiOkResponse({ type: SubscriptionView })
  subscribe(
    @Param('merchantId') merchantId: string,
    @Param('accountId') accountId: string,
  ): Promise<SubscriptionView> {
    return this.tests.subscribe(merchantId, accountId);
  }

  private view(row: ChannelAccountEntity): ChannelAccountView {
    return showChannelAccount(row, this.env.PUBLIC_GATEWAY_URL);
  }
}

/** The account that a body describes in its channel's words. @throws Refusal `invalid` */
async function accountIn(kind: string, body: unknown, caller: Caller, env: AdminEnv): Promise<NewAccount> {
  const vendor = channelOf(kind);
  const given = await checkForm(vendor, body, CHANNEL_FORMS.get(kind)!);
  const { ids, fields } = vendor;
  const parts = divide(vendor, given);
  requirePublicUrls(fields, parts.settings, caller, env);
  return {
    kind,
    accountId: given[ids.account.name]!,
    senderId: given[ids.sender.name]!,
    displayName: given[ids.name.name]!,
    catalogId: given.catalogId,
    ...parts,
    ...(given as ConnectChannelAccount),
  };
}
