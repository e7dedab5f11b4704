import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { MayBeAbsent } from '../http/optional.js';
import { ShowPageQuery } from './queries.dto.js';
import { namesIn } from './quarantine-routes.js';
import type { Released, Routable } from './quarantine.js';
import { OUTSIDE } from './webhooks.js';

export class QuarantineQuery extends ShowPageQuery {
  @ApiPropertyOptional({ type: String, example: 'unknown_sender' })
  @MayBeAbsent()
  @Matches(/^[a-z_]{1,64}$/, { message: 'reason must be a word such as unknown_sender' })
  reason?: string;
}

export class QuarantineParams {
  @ApiProperty({ type: String, example: '4711' })
  @Matches(/^\d{1,18}$/, { message: 'id must be a number' })
  id: string;
}

export class DestinationView {
  @ApiProperty({ type: String, nullable: true, description: 'The merchant that a replay would give it to.' })
  merchantId: string | null;
  @ApiProperty({ type: String, nullable: true, example: 'not_connected' }) why: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'What would help.' }) help: string | null;
}

export class QuarantinedView {
  @ApiProperty({ type: String, example: '4711' }) id: string;
  @ApiProperty({ type: String, example: OUTSIDE[0] }) source: string;
  @ApiProperty({ type: String }) externalId: string;
  @ApiProperty({
    type: String,
    description: 'Why it was led to no merchant.',
    example: 'unknown_sender',
  })
  reason: string;
  @ApiProperty({ type: String, nullable: true, description: 'What was written to: a phone number, a page.' })
  senderId: string | null;
  @ApiProperty({
    type: String,
    nullable: true,
    description: 'What the sender belongs to: a business account.',
  })
  accountId: string | null;
  @ApiProperty({ type: DestinationView, description: 'Where it would go now.' }) destination: DestinationView;
  @ApiProperty({
    type: Object,
    description:
      'As it was taken, phone numbers masked. With `tooLarge` (bytes) instead of its content where that is more than its ' +
      'share of a list: ask for fewer at once.',
  })
  payload: object;
  @ApiProperty({ type: String, format: 'date-time' }) occurredAt: string;
  @ApiProperty({ type: String, format: 'date-time' }) receivedAt: string;

  static of(row: Routable, show: <T>(value: T) => T): QuarantinedView {
    const { destination } = row;
    const { senderId, accountId } = namesIn(row.payload);
    return {
      id: row.id,
      source: row.source,
      externalId: row.externalId,
      reason: row.reason,
      senderId: senderId ?? null,
      accountId: accountId ?? null,
      destination:
        destination.outcome === 'merchant'
          ? { merchantId: destination.merchantId, why: null, help: null }
          : { merchantId: null, why: destination.why, help: destination.help },
      payload: show(row.payload),
      occurredAt: row.occurredAt.toISOString(),
      receivedAt: row.createdAt.toISOString(),
    };
  }
}

export class QuarantinePage {
  @ApiProperty({ type: [QuarantinedView] }) items: QuarantinedView[];
  @ApiProperty({ type: String, nullable: true }) nextCursor: string | null;
}

export class ReleasedView {
  @ApiProperty({ type: String, example: '4711' }) id: string;
  @ApiProperty({ type: String }) merchantId: string;
  @ApiProperty({
    type: String,
    enum: ['queued', 'ignored', 'duplicate'],
    description: 'duplicate: the merchant had it already. ignored: nothing acts on it.',
  })
  outcome: string;
  @ApiProperty({ type: String, example: 'conversation.receive-message.v1' }) name: string;

  static of(id: string, { merchantId, outcome, name }: Released): ReleasedView {
    return { id, merchantId, outcome, name };
  }
}
