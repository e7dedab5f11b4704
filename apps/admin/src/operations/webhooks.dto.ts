import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, Matches } from 'class-validator';
import { MayBeAbsent } from '../http/optional.js';
import { MerchantParams, RangePageQuery } from './queries.dto.js';
import { ITEM_STATES, OUTSIDE, streamParts, type ItemState, type WebhookRow } from './webhooks.js';

export class WebhookQuery extends RangePageQuery {
  @ApiPropertyOptional({ type: String, enum: OUTSIDE })
  @MayBeAbsent()
  @IsIn(OUTSIDE, { message: `source must be one of ${OUTSIDE.join(', ')}` })
  source?: string;

  @ApiPropertyOptional({ type: String, enum: ITEM_STATES })
  @MayBeAbsent()
  @IsIn(ITEM_STATES, { message: `state must be one of ${ITEM_STATES.join(', ')}` })
  state?: ItemState;

  @ApiPropertyOptional({
    type: String,
    description: "The vendor's id of the event, or the id under which it was journaled.",
    example: 'evt_1S4…',
  })
  @MayBeAbsent()
  @Matches(/^[\x21-\x7e]{1,500}$/, { message: 'externalId must be 1 to 500 printable characters' })
  externalId?: string;
}

export class ItemParams extends MerchantParams {
  @ApiProperty({ type: String, example: '4711' })
  @Matches(/^\d{1,18}$/, { message: 'id must be a number' })
  id: string;
}

export class WebhookView {
  @ApiProperty({ type: String, example: '4711' }) id: string;
  @ApiProperty({ type: String, enum: OUTSIDE }) source: string;
  @ApiProperty({ type: String, example: 'checkout.record-payment.v1' }) name: string;
  @ApiProperty({ type: String, description: 'Whose work it is.', example: 'checkout' }) service: string;
  @ApiProperty({ type: String }) stream: string;
  @ApiProperty({ type: String, example: 'event/evt_1S4…' }) externalId: string;
  @ApiProperty({ type: String, enum: ITEM_STATES }) state: string;
  @ApiProperty({ type: String, nullable: true }) reason: string | null;
  @ApiProperty({ type: 'integer', description: 'Failed runs.' }) attempts: number;
  @ApiProperty({ type: 'integer' }) redrives: number;
  @ApiProperty({ type: String, format: 'date-time', description: "By the sender's clock." })
  occurredAt: string;
  @ApiProperty({ type: String, format: 'date-time' }) receivedAt: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) settledAt: string | null;
  @ApiProperty({
    type: Object,
    description:
      'As it was taken, phone numbers masked. `{"tooLarge": bytes}` for one of more than 256 KiB, or its share of a list: ' +
      'ask for fewer at once.',
  })
  payload: object;

  static of(row: WebhookRow, show: <T>(value: T) => T): WebhookView {
    const state = row.outcome ?? (row.parkedAt ? 'dead_letter' : 'pending');
    const shown = show({ payload: row.payload, stream: streamParts(row.stream), reason: row.reason });
    return {
      id: row.id,
      source: row.source,
      name: row.name,
      service: row.service,
      stream: `${shown.stream.place}${shown.stream.phone}`,
      externalId: row.externalId,
      state,
      reason: shown.reason,
      attempts: row.attempts,
      redrives: row.redrives,
      occurredAt: row.occurredAt.toISOString(),
      receivedAt: row.createdAt.toISOString(),
      settledAt: row.settledAt?.toISOString() ?? null,
      payload: shown.payload,
    };
  }
}

export class WebhookPage {
  @ApiProperty({ type: [WebhookView] }) items: WebhookView[];
  @ApiProperty({ type: String, nullable: true }) nextCursor: string | null;
}
