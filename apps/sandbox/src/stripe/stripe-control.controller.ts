import { Body, Controller, Get, HttpCode, Param, Post, Put, ValidationPipe } from '@nestjs/common';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUrl,
  Length,
  Matches,
  Max,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { problem } from '../world/problem.js';
import { Checkout } from './checkout.js';
import { StripeBooks } from './stripe-books.js';
import { StripeFaults, type StripeFault } from './stripe-faults.js';
import type { ChargeObject, RefundObject, SessionObject, Settlement } from './stripe.types.js';

const ANY_URL = { require_tld: false, require_protocol: true, protocols: ['http', 'https'] };
const strict = () => new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true });

class AccountBody {
  @Matches(/^sk_(test|live)_\w{1,200}$/)
  secretKey!: string;

  @IsUrl(ANY_URL)
  webhookUrl!: string;

  @IsString()
  @Length(1, 200)
  webhookSecret!: string;

  /** The merchant's name on the pay page. */
  @IsOptional()
  @IsString()
  @Length(1, 100)
  name?: string;

  /** Origin of the pay page; left out, the host that the API is called on. */
  @IsOptional()
  @IsUrl(ANY_URL)
  publicUrl?: string;
}

class FaultBody {
  @IsIn(['error', 'reset-after-apply', 'delay'])
  kind!: StripeFault['kind'];

  @ValidateIf((fault: FaultBody) => fault.kind === 'error')
  @IsInt()
  @Min(400)
  @Max(599)
  status!: number;

  @IsOptional()
  @IsString()
  code?: string;

  @ValidateIf((fault: FaultBody) => fault.kind === 'delay')
  @IsInt()
  @Min(0)
  @Max(120_000)
  ms!: number;

  @IsOptional()
  @IsString()
  path?: string;
}

class FaultsBody {
  @IsArray()
  @ArrayMaxSize(1_000)
  @ValidateNested({ each: true })
  @Type(() => FaultBody)
  nextRequests!: FaultBody[];
}

class SettleBody {
  @IsIn(['succeeded', 'failed'])
  outcome!: Settlement;
}

interface Ledger {
  sessions: (SessionObject & { account: string })[];
  payments: (ChargeObject & { account: string; session: string | null })[];
  refunds: (RefundObject & { account: string })[];
}

/** Opens accounts, orders faults, and shows what money moved. */
@Controller('control/stripe')
export class StripeControlController {
  constructor(
    private readonly books: StripeBooks,
    private readonly checkout: Checkout,
    private readonly faults: StripeFaults,
  ) {}

  @Put('accounts/:id')
  account(
    @Param('id') id: string,
    @Body(strict()) body: AccountBody,
  ): { account: string; name: string; created: boolean } {
    if (!/^acct_\w{1,60}$/.test(id)) throw problem(422, 'an account id is acct_ and letters or digits');
    const other = this.books.accounts.all().find((a) => a.secretKey === body.secretKey && a.id !== id);
    if (other) throw problem(409, `the secret key belongs to ${other.id}`);
    const existing = this.books.accounts.get(id);
    const name = body.name ?? existing?.name ?? 'Sandbox Store';
    const publicUrl = (body.publicUrl ?? existing?.publicUrl)?.replace(/\/+$/, '');
    const { secretKey, webhookUrl, webhookSecret } = body;
    this.books.accounts.put(id, { id, name, country: 'AE', secretKey, webhookUrl, webhookSecret, publicUrl });
    return { account: id, name, created: !existing };
  }

  @Get('ledger')
  ledger(): Ledger {
    this.checkout.sweep();
    const sessions = this.books.sessions.all();
    const sessionOf = new Map(sessions.map(({ object }) => [object.payment_intent, object.id]));
    return {
      sessions: sessions.map(({ account, object }) => ({ ...object, account })),
      payments: this.books.charges.all().map(({ account, object }) => ({
        ...object,
        account,
        session: sessionOf.get(object.payment_intent) ?? null,
      })),
      refunds: this.books.refunds.all().map(({ account, object }) => ({ ...object, account })),
    };
  }

  /** Settles a delayed payment now. 409 when none is waiting. */
  @Post('sessions/:id/settle')
  @HttpCode(200)
  settle(@Param('id') id: string, @Body(strict()) { outcome }: SettleBody): { settled: Settlement } {
    if (!this.checkout.settle(id, outcome)) throw problem(409, 'this session has no delayed payment');
    return { settled: outcome };
  }

  @Get('faults')
  ordered(): { nextRequests: StripeFault[] } {
    return { nextRequests: this.faults.next };
  }

  @Put('faults')
  order(@Body(strict()) { nextRequests }: FaultsBody): { nextRequests: StripeFault[] } {
    this.faults.next = nextRequests.map(faultOf);
    return this.ordered();
  }
}

function faultOf({ kind, status, code, ms, path }: FaultBody): StripeFault {
  switch (kind) {
    case 'error':
      return { kind, status, code, path };
    case 'delay':
      return { kind, ms, path };
    case 'reset-after-apply':
      return { kind, path };
  }
}
