import {
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  NotFoundException,
  Param,
  Post,
  ValidationPipe,
} from '@nestjs/common';
import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { problem } from '../world/problem.js';
import { publicFolder } from '../world/public-folder.js';
import { Checkout, type Completion } from './checkout.js';
import { decimalsOf } from './currency.js';
import { StripeBooks } from './stripe-books.js';
import type { Method, Outcome, SessionDoc, SessionObject, Settlement } from './stripe.types.js';

const POLICY =
  "default-src 'self'; img-src 'self' data: http: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

class CompleteBody implements Completion {
  @IsIn(['paid', 'declined', 'delayed'])
  outcome!: Outcome;

  @IsOptional()
  @IsIn(['card', 'wallet'])
  method: Method = 'card';

  @IsOptional()
  @IsIn(['succeeded', 'failed'])
  settlesAs: Settlement = 'succeeded';

  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(7 * 24 * 3_600_000)
  settleAfterMs: number = 2_000;
}

interface PayView {
  merchant: string;
  status: SessionObject['status'];
  paymentStatus: SessionObject['payment_status'];
  currency: string;
  decimals: number;
  total: number;
  email: string | null;
  lines: { title: string; quantity: number; amount: number; picture: string | null }[];
  expiresAt: number;
  successUrl: string;
  cancelUrl: string | null;
}

interface Completed {
  status: SessionObject['status'];
  payment_status: SessionObject['payment_status'];
  payment_intent: string | null;
  redirect: string | null;
}

/** The hosted pay page. Card numbers never leave the browser: the page sends only how the customer decided. */
@Controller('pay')
export class PayController {
  private readonly page = join(publicFolder(import.meta.url), 'pay', 'index.html');

  constructor(
    private readonly checkout: Checkout,
    private readonly books: StripeBooks,
  ) {}

  @Get(':id')
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', POLICY)
  @Header('referrer-policy', 'no-referrer')
  @Header('cache-control', 'no-store')
  open(@Param('id') id: string): Promise<string> {
    this.session(id);
    return readFile(this.page, 'utf8');
  }

  @Get(':id/details')
  @Header('cache-control', 'no-store')
  details(@Param('id') id: string): PayView {
    const { account, object, lines, pictures } = this.session(id);
    return {
      merchant: this.books.accounts.get(account)?.name ?? 'Shop',
      status: object.status,
      paymentStatus: object.payment_status,
      currency: object.currency.toUpperCase(),
      decimals: decimalsOf(object.currency) ?? 2,
      total: object.amount_total,
      email: object.customer_email,
      lines: lines.map((line, i) => ({
        title: line.description,
        quantity: line.quantity,
        amount: line.amount_total,
        picture: pictures[i] ?? null,
      })),
      expiresAt: object.expires_at,
      successUrl: successUrl(object),
      cancelUrl: object.cancel_url,
    };
  }

  @Post(':id/complete')
  @HttpCode(200)
  complete(
    @Param('id') id: string,
    @Body(new ValidationPipe({ transform: true, whitelist: true })) body: CompleteBody,
  ): Completed {
    const session = this.session(id);
    if (session.object.status !== 'open') throw problem(409, `the session is ${session.object.status}`);
    const { object } = this.checkout.complete(session, body);
    return {
      status: object.status,
      payment_status: object.payment_status,
      payment_intent: object.payment_intent,
      redirect: object.status === 'complete' ? successUrl(object) : null,
    };
  }

  private session(id: string): SessionDoc {
    const session = this.checkout.find(id);
    if (!session) throw new NotFoundException('There is no such checkout session');
    return session;
  }
}

function successUrl(session: SessionObject): string {
  return session.success_url.replaceAll('{CHECKOUT_SESSION_ID}', session.id);
}
