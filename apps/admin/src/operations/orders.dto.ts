import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, Matches } from 'class-validator';
import { ORDER_STATES } from '#core/checkout';
import { MayBeAbsent } from '../http/optional.js';
import { ACCOUNT_EXAMPLE } from '../http/payment-accounts.dto.js';
import type { OrderRow } from './orders.js';
import { ShowPageQuery } from './queries.dto.js';

const ID = /^[\x21-\x7e]{1,200}$/;
const TIME = { type: String, format: 'date-time', nullable: true } as const;

export class OrderQuery extends ShowPageQuery {
  @ApiPropertyOptional({ type: String, enum: ORDER_STATES })
  @MayBeAbsent()
  @IsIn(ORDER_STATES, { message: `state must be one of ${ORDER_STATES.join(', ')}` })
  state?: string;

  @ApiPropertyOptional({ type: String })
  @MayBeAbsent()
  @Matches(ID, { message: 'threadId must be 1 to 200 printable characters' })
  threadId?: string;

  @ApiPropertyOptional({ type: String, description: 'Of one person, on all channel accounts.' })
  @MayBeAbsent()
  @Matches(/^per_[0-9a-f]{32}$/, { message: "personId must be a person's id" })
  personId?: string;

  @ApiPropertyOptional({ type: String, description: "The shop's number, or our reference." })
  @MayBeAbsent()
  @Matches(ID, { message: 'number must be 1 to 200 printable characters' })
  number?: string;
}

export class OrderMoney {
  @ApiProperty({ type: 'integer', description: 'In minor units of the currency.' }) minor: number;
  @ApiProperty({ type: String, example: 'AED' }) currency: string;
}

export class RefundView {
  @ApiProperty({ type: OrderMoney, nullable: true }) amount: OrderMoney | null;
  @ApiProperty({ type: String, example: 'out_of_stock' }) reason: string;
  @ApiProperty({ type: Boolean, description: 'False: the provider has not confirmed it yet.' }) done: boolean;
}

export class OrderView {
  @ApiProperty({ type: String, example: 'W7K3M9QX' }) ref: string;
  @ApiProperty({ type: String, nullable: true, description: "The shop's number." }) number: string | null;
  @ApiProperty({ type: String, enum: ORDER_STATES }) state: string;
  @ApiProperty({ type: String }) threadId: string;
  @ApiProperty({ type: OrderMoney, description: 'What the customer agreed to.' }) total: OrderMoney;
  @ApiProperty({ type: Object, description: 'The accepted quote: evidence, never replaced.' })
  acceptedQuote: object;
  @ApiProperty({ type: Object, nullable: true, description: 'What the shop said last.' })
  presentQuote: object | null;
  @ApiProperty({ type: Object, nullable: true }) hold: object | null;
  @ApiProperty({ ...TIME, description: 'After this no payment page is opened.' }) payBefore: string | null;
  @ApiProperty({
    type: String,
    nullable: true,
    description: "The merchant's key for the account that it is paid at; null until it is chosen.",
    example: ACCOUNT_EXAMPLE,
  })
  paymentAccount: string | null;
  @ApiProperty({ type: [String], description: 'Payment pages that were opened.' }) paymentPages: string[];
  @ApiProperty({ type: OrderMoney, nullable: true, description: 'What was paid.' }) paid: OrderMoney | null;
  @ApiProperty({ type: String, nullable: true, description: "The provider's id of the money." })
  paymentId: string | null;
  @ApiProperty(TIME) paidAt: string | null;
  @ApiProperty({ type: [RefundView] }) refunds: RefundView[];
  @ApiProperty({ type: Object, nullable: true, description: "The shop's own word for its state." })
  storeStatus: object | null;
  @ApiProperty({ type: [Object], description: 'The latest of each parcel.' }) parcels: object[];
  @ApiProperty({ type: String, format: 'date-time' }) createdAt: string;
  @ApiProperty({ type: String, format: 'date-time' }) updatedAt: string;

  static of(row: OrderRow, show: <T>(value: T) => T): OrderView {
    return {
      ref: row.orderRef,
      number: row.storeOrderNumber,
      state: row.state,
      threadId: row.threadId,
      total: row.acceptedQuote.total,
      acceptedQuote: row.acceptedQuote,
      presentQuote: row.presentQuote,
      hold: row.reservationId
        ? { reservationId: row.reservationId, expiresAt: row.reservationExpiresAt?.toISOString() ?? null }
        : null,
      payBefore: row.payBefore?.toISOString() ?? null,
      paymentAccount: row.paymentAccount,
      paymentPages: row.sessionIds,
      paid: row.paymentAmount,
      paymentId: row.paymentId,
      paidAt: row.paidAt?.toISOString() ?? null,
      refunds: row.refunds.map(({ amount, reason, done }) => ({ amount, reason, done })),
      storeStatus: row.storeStatus,
      parcels: show(row.fulfilments),
      createdAt: row.createdAt.toISOString(),
      updatedAt: row.updatedAt.toISOString(),
    };
  }
}

export class OrderPage {
  @ApiProperty({ type: [OrderView] }) items: OrderView[];
  @ApiProperty({ type: String, nullable: true }) nextCursor: string | null;
}
