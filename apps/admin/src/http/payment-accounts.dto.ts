import { ApiProperty } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { PAYMENT_PROVIDERS } from '#vendors';
import { OverlapHours } from './overlap.dto.js';
import { TIME, WEBHOOK_URL } from './stores.dto.js';
import { capital, formOf, oneOf, viewOf } from './vendor-form.js';

const KINDS = PAYMENT_PROVIDERS.map(({ kind }) => kind);

/** Key of an account at a provider that this version knows. */
export const KNOWN_ACCOUNT = new RegExp(`^(${KINDS.join('|')})(-[a-z0-9]{1,20}){0,3}$`);
export const ACCOUNT_EXAMPLE = `${KINDS[0]}-sa`;
export const ACCOUNT_RULE = `must be ${KINDS.join(' or ')}, or that with a hyphen and words of a-z and 0-9, e.g. ${ACCOUNT_EXAMPLE}`;

/** A path to one account. Whether there is such a merchant is said by whoever looks for it. */
export class PaymentAccountParams {
  @ApiProperty({ type: String, example: 'mer_019a5b7c2f1e7c6b8a90d3e4f5a6b7c8' })
  @Matches(/^\w{1,100}$/, { message: "merchantId must be a merchant's id" })
  merchantId: string;

  @ApiProperty({
    type: String,
    description:
      "The merchant's key for the account, which begins with the kind of its provider. Another account gets another key.",
    example: ACCOUNT_EXAMPLE,
  })
  @Matches(KNOWN_ACCOUNT, { message: `account ${ACCOUNT_RULE}` })
  account: string;
}

export class PutPaymentAccount {
  @OverlapHours()
  overlapHours?: number;
}

export class PaymentAccountView {
  @ApiProperty({ type: String, example: 'pay_019a5b7c2f1e7c6b8a90d3e4f5a6b7c8' }) id: string;
  @ApiProperty({
    type: String,
    description: "The merchant's key for it: routes name it.",
    example: KINDS[0],
  })
  account: string;
  @ApiProperty({ enum: KINDS }) kind: string;
  @ApiProperty(WEBHOOK_URL) webhookUrl: string;
  @ApiProperty({ ...TIME, nullable: true, description: 'When a live call last went well.' })
  verifiedAt: string | null;
}

/** By kind. */
export const PAYMENT_FORMS = new Map(
  PAYMENT_PROVIDERS.map(({ kind, fields }) => [
    kind,
    formOf(`Put${capital(kind)}Account`, fields, PutPaymentAccount),
  ]),
);
export const PAYMENT_VIEWS = PAYMENT_PROVIDERS.map(({ kind, fields }) =>
  viewOf(`${capital(kind)}AccountView`, fields, PaymentAccountView),
);

export class PaymentAccountList {
  @ApiProperty({ type: 'array', items: oneOf(PAYMENT_VIEWS) }) items: PaymentAccountView[];
  @ApiProperty({ type: String, nullable: true, description: 'Always null: they are few.' }) nextCursor: null;
}
