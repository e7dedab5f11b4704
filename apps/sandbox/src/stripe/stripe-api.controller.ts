import { All, Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Checkout } from './checkout.js';
import { lineItems } from './expand.js';
import { Refunds } from './refunds.js';
import { StripeBooks } from './stripe-books.js';
import { unrecognized } from './stripe-error.js';
import { StripeGate, type StripeRequest } from './stripe-gate.js';
import type { AccountDoc } from './stripe.types.js';

/** The calls of Stripe's API that a checkout needs: https://docs.stripe.com/api */
@Controller('v1')
export class StripeApiController {
  constructor(
    private readonly gate: StripeGate,
    private readonly books: StripeBooks,
    private readonly checkout: Checkout,
    private readonly refunds: Refunds,
  ) {}

  @Post('checkout/sessions')
  create(@Req() request: StripeRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.gate.answer(
      request,
      reply,
      ({ account, params, origin }) => this.checkout.create(account, params, origin).object,
    );
  }

  @Get('checkout/sessions/:id')
  session(@Req() request: StripeRequest, @Res() reply: FastifyReply, @Param('id') id: string): Promise<void> {
    return this.gate.answer(request, reply, ({ account }) => this.checkout.get(account, id).object);
  }

  @Post('checkout/sessions/:id/expire')
  expire(@Req() request: StripeRequest, @Res() reply: FastifyReply, @Param('id') id: string): Promise<void> {
    return this.gate.answer(
      request,
      reply,
      ({ account, cause }) => this.checkout.expire(account, id, cause).object,
    );
  }

  @Get('checkout/sessions/:id/line_items')
  lines(@Req() request: StripeRequest, @Res() reply: FastifyReply, @Param('id') id: string): Promise<void> {
    return this.gate.answer(request, reply, ({ account, params }) => {
      const limit = params.integer('limit') ?? 10;
      if (limit < 1 || limit > 100) throw params.invalid('limit', 'Limit must be from 1 to 100');
      return lineItems(this.checkout.get(account, id), limit, params.text('starting_after'));
    });
  }

  @Get('payment_intents/:id')
  intent(@Req() request: StripeRequest, @Res() reply: FastifyReply, @Param('id') id: string): Promise<void> {
    return this.gate.answer(
      request,
      reply,
      ({ account }) => this.books.owned(this.books.intents, 'payment_intent', account, id, 'intent').object,
    );
  }

  @Post('refunds')
  refund(@Req() request: StripeRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.gate.answer(request, reply, ({ account, params, cause }) =>
      this.refunds.create(account, params, cause),
    );
  }

  @Get('refunds/:id')
  readRefund(
    @Req() request: StripeRequest,
    @Res() reply: FastifyReply,
    @Param('id') id: string,
  ): Promise<void> {
    return this.gate.answer(
      request,
      reply,
      ({ account }) => this.books.owned(this.books.refunds, 'refund', account, id).object,
    );
  }

  @Get('events/:id')
  event(@Req() request: StripeRequest, @Res() reply: FastifyReply, @Param('id') id: string): Promise<void> {
    return this.gate.answer(
      request,
      reply,
      ({ account }) => this.books.owned(this.books.events, 'event', account, id).object,
    );
  }

  @Get('account')
  account(@Req() request: StripeRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.gate.answer(request, reply, ({ account }) =>
      accountObject(this.books.accounts.get(account)!),
    );
  }

  @Get('webhook_endpoints')
  endpoints(@Req() request: StripeRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.gate.answer(request, reply, ({ account }) => {
      const endpoint = endpointObject(this.books.accounts.get(account)!);
      return { object: 'list', data: [endpoint], has_more: false, url: '/v1/webhook_endpoints' };
    });
  }

  @All('*')
  unknown(@Req() request: StripeRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.gate.answer(request, reply, () => {
      throw unrecognized(request.method, request.url.split('?')[0]!);
    });
  }
}

function accountObject({ id, name, country }: AccountDoc): object {
  return {
    id,
    object: 'account',
    business_profile: { name, support_email: null, support_phone: null, support_url: null, url: null },
    business_type: 'company',
    capabilities: { card_payments: 'active', transfers: 'active' },
    charges_enabled: true,
    country,
    default_currency: 'aed',
    details_submitted: true,
    email: null,
    metadata: {},
    payouts_enabled: true,
    settings: { dashboard: { display_name: name, timezone: 'Asia/Dubai' } },
    type: 'standard',
  };
}

/** The one that `PUT /control/stripe/accounts/:id` has set, which gets everything. */
function endpointObject({ id, webhookUrl }: AccountDoc): object {
  return {
    id: `we_${id.replace(/^acct_/, '')}`,
    object: 'webhook_endpoint',
    api_version: null,
    application: null,
    created: 0,
    description: null,
    enabled_events: ['*'],
    livemode: false,
    metadata: {},
    status: 'enabled',
    url: webhookUrl,
  };
}
