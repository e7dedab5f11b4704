import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put, Res } from '@nestjs/common';
import { ApiBody, ApiExtraModels, ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { providerKindOf, type Caller } from '#core/tenancy';
import type { PaymentProviderEntity } from '#persistence';
import { ENV } from '#platform';
import { paymentProviderOf } from '#vendors';
import type { AdminEnv } from '../env.js';
import { ConnectionTests } from '../onboarding/connection-tests.js';
import { PaymentAccounts, showPaymentAccount } from '../onboarding/payment-accounts.js';
import { Calling, Needs } from './access.js';
import { ApiIfMatch, ApiProblems, ApiResource } from './api-docs.js';
import { MaybeIfMatch, withTag } from './etag.js';
import {
  PaymentAccountList,
  PaymentAccountParams,
  PaymentAccountView,
  PAYMENT_FORMS,
  PAYMENT_VIEWS,
} from './payment-accounts.dto.js';
import { ConnectionTestView } from './tests.dto.js';
import { checkForm, oneOf } from './vendor-form.js';

const FORMS = [...PAYMENT_FORMS.values()];

@ApiResource('Payment providers')
@ApiExtraModels(...FORMS, ...PAYMENT_VIEWS)
@Controller('v1/merchants/:merchantId/payment-providers')
export class PaymentAccountsController {
  constructor(
    private readonly accounts: PaymentAccounts,
    private readonly tests: ConnectionTests,
    @Inject(ENV) private readonly env: AdminEnv,
  ) {}

  @Get()
  @Needs('merchants:read')
  @ApiOperation({ summary: 'The payment accounts that are connected' })
  @ApiProblems(404)
  @ApiOkResponse({ type: PaymentAccountList })
  async list(@Param('merchantId') merchantId: string): Promise<PaymentAccountList> {
    const rows = await this.accounts.list(merchantId);
    return { items: rows.map((row) => this.view(row)), nextCursor: null };
  }

  @Put(':account')
  @Needs('merchants:write')
  @ApiOperation({
    summary: 'Connect a payment account, or replace its keys',
    description:
      'Without routes in the settings, payments go to the one account that has the name of its provider. Orders remember ' +
      'their account: give the keys of another one another key.',
  })
  @ApiIfMatch({ required: false, asked: false })
  @ApiProblems(404, 409, 422)
  @ApiBody({ schema: oneOf(FORMS) })
  @ApiOkResponse({ schema: oneOf(PAYMENT_VIEWS) })
  async put(
    @Param() { merchantId, account }: PaymentAccountParams,
    @Body() body: unknown,
    @Calling() caller: Caller,
    @MaybeIfMatch() ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PaymentAccountView> {
    const kind = providerKindOf(account);
    const given = await checkForm(paymentProviderOf(kind), body, PAYMENT_FORMS.get(kind)!);
    const row = await this.accounts.put(merchantId, account, given, caller, ifMatch);
    return withTag(reply, row, this.view(row));
  }

  @Get(':account')
  @Needs('merchants:read')
  @ApiOperation({ summary: 'One payment account', description: 'With its ETag.' })
  @ApiProblems(404)
  @ApiOkResponse({ schema: oneOf(PAYMENT_VIEWS) })
  async find(
    @Param() { merchantId, account }: PaymentAccountParams,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<PaymentAccountView> {
    const row = await this.accounts.find(merchantId, account);
    return withTag(reply, row, this.view(row));
  }

  @Post(':account/test')
  @Needs('merchants:write')
  @HttpCode(200)
  @ApiOperation({ summary: 'Ask the provider whose the stored key is, now' })
  @ApiProblems(404, 409)
  @ApiOkResponse({ type: ConnectionTestView })
  test(@Param() { merchantId, account }: PaymentAccountParams): Promise<ConnectionTestView> {
    return this.tests.paymentAccount(merchantId, account);
  }

  private view(row: PaymentProviderEntity): PaymentAccountView {
    return showPaymentAccount(row, this.env.PUBLIC_GATEWAY_URL);
  }
}
