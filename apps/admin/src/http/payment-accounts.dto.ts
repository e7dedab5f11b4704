import { ApiProperty } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { DEFAULT_PAYMENT_ACCOUNT, PAYMENT_ACCOUNT, PAYMENT_PROVIDERS } from '#core/tenancy';
import type { PaymentProviderEntity } from '#persistence';
import { IS_SET, SECRET, TIME, WEBHOOK_URL } from './connections.dto.js';
import { OverlapHours } from './overlap.dto.js';

export const ACCOUNT_RULE = 'must be stripe, or stripe- and words of a-z and 0-9, e.g. stripe-sa';

/** A path to one account. Whether there is such a merchant is said by whoever looks for it. */
export class PaymentAccountParams {
  @ApiProperty({ type: String, example: 'mer_019a5b7c2f1e7c6b8a90d3e4f5a6b7c8' })
  @Matches(/^\w{1,100}$/, { message: "merchantId must be a merchant's id" })
  merchantId: string;

  @ApiProperty({
    type: String,
    description: "The merchant's key for the account. Another account gets another key.",
    example: 'stripe-sa',
  })
  @Matches(PAYMENT_ACCOUNT, { message: `account ${ACCOUNT_RULE}` })
  account: string;
}

export class PutPaymentAccount {
  @ApiProperty({ ...SECRET, description: 'Secret or restricted key. Write-only: answers say `set`.' })
  @Matches(/^(sk|rk)_(test|live)_\w{4,255}$/, {
    message: 'secretKey must be a Stripe key: sk_test_…, sk_live_…, rk_test_… or rk_live_…',
  })
  secretKey: string;

  @ApiProperty({ ...SECRET, description: "The endpoint's signing secret. Write-only: answers say `set`." })
  @Matches(/^whsec_[\w+/=-]{4,255}$/, { message: 'webhookSecret must be a Stripe signing secret: whsec_…' })
  webhookSecret: string;

  @OverlapHours()
  overlapHours?: number;
}

export class PaymentAccountView {
  @ApiProperty({ type: String, example: 'pay_019a5b7c2f1e7c6b8a90d3e4f5a6b7c8' }) id: string;
  @ApiProperty({ type: String, description: "The merchant's key for it: routes name it.", example: 'stripe' })
  account: string;
  @ApiProperty({ enum: PAYMENT_PROVIDERS }) kind: 'stripe';
  @ApiProperty(IS_SET) secretKey: 'set';
  @ApiProperty(IS_SET) webhookSecret: 'set';
  @ApiProperty(WEBHOOK_URL) webhookUrl: string;
  @ApiProperty({ ...TIME, nullable: true, description: 'When a live call last went well.' })
  verifiedAt: string | null;

  static of(row: PaymentProviderEntity, gateway: string): PaymentAccountView {
    const { id, account, kind, merchantId, verifiedAt } = row;
    const path = account === DEFAULT_PAYMENT_ACCOUNT ? merchantId : `${merchantId}/${account}`;
    return {
      id,
      account,
      kind,
      secretKey: 'set',
      webhookSecret: 'set',
      webhookUrl: `${gateway}/webhooks/payments/${kind}/${path}`,
      verifiedAt: verifiedAt?.toISOString() ?? null,
    };
  }
}

export class PaymentAccountList {
  @ApiProperty({ type: [PaymentAccountView] }) items: PaymentAccountView[];
  @ApiProperty({ type: String, nullable: true, description: 'Always null: they are few.' }) nextCursor: null;
}
