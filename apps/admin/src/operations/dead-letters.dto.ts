import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, Matches } from 'class-validator';
import { QUEUES } from '#contracts';
import { MayBeAbsent } from '../http/optional.js';
import { PageQuery } from '../http/page.dto.js';
import type { DeadLetter } from './dead-letters.js';
import { OUTSIDE, streamParts } from './webhooks.js';

const SERVICES = [...new Set(Object.values(QUEUES).map((queue) => queue.owner))];

export class DeadLetterQuery extends PageQuery {
  @ApiPropertyOptional({ type: String, description: 'Left out: of all merchants the key may see.' })
  @MayBeAbsent()
  @Matches(/^mer_[0-9a-f]{32}$/, { message: "merchantId must be a merchant's id" })
  merchantId?: string;

  @ApiPropertyOptional({ type: String, enum: SERVICES })
  @MayBeAbsent()
  @IsIn(SERVICES, { message: `service must be one of ${SERVICES.join(', ')}` })
  service?: string;

  @ApiPropertyOptional({ type: String, enum: [...OUTSIDE, 'job'] })
  @MayBeAbsent()
  @IsIn([...OUTSIDE, 'job'], { message: `source must be one of ${[...OUTSIDE, 'job'].join(', ')}` })
  source?: string;

  @ApiPropertyOptional({ type: String, example: 'checkout.place-order.v1' })
  @MayBeAbsent()
  @Matches(/^[a-z.0-9-]{1,100}$/, { message: 'name must be the name of a job' })
  name?: string;

  @ApiPropertyOptional({ type: String, example: 'W7K3M9QX', description: 'Of one order.' })
  @MayBeAbsent()
  @Matches(/^[A-Za-z0-9]{1,40}$/, { message: "orderRef must be an order's reference" })
  orderRef?: string;
}

export class DeadLetterParams {
  @ApiProperty({ type: String, example: '4711' })
  @Matches(/^\d{1,18}$/, { message: 'id must be a number' })
  id: string;
}

export class DeadLetterView {
  @ApiProperty({ type: String, example: '4711' }) id: string;
  @ApiProperty({ type: String }) merchantId: string;
  @ApiProperty({ type: String, description: 'The service whose work it is.', example: 'outbound' })
  service: string;
  @ApiProperty({ type: String, example: 'recipients' }) queue: string;
  @ApiProperty({ type: String, description: 'What it is kept in order with.' }) stream: string;
  @ApiProperty({ type: String, example: 'outbound.send-message.v1' }) name: string;
  @ApiProperty({ type: String, example: OUTSIDE[0] }) source: string;
  @ApiProperty({ type: String, nullable: true }) reason: string | null;
  @ApiProperty({ type: 'integer' }) attempts: number;
  @ApiProperty({ type: 'integer', description: 'How often it has been redriven.' }) redrives: number;
  @ApiProperty({ type: String, format: 'date-time' }) occurredAt: string;
  @ApiProperty({ type: String, format: 'date-time' }) parkedAt: string;

  static of(letter: DeadLetter, show: <T>(value: T) => T): DeadLetterView {
    const { stream, reason } = show({ stream: streamParts(letter.stream), reason: letter.reason });
    return {
      ...letter,
      stream: `${stream.place}${stream.phone}`,
      reason,
      occurredAt: letter.occurredAt.toISOString(),
      parkedAt: letter.parkedAt.toISOString(),
    };
  }
}

export class DeadLetterPage {
  @ApiProperty({ type: [DeadLetterView] }) items: DeadLetterView[];
  @ApiProperty({ type: String, nullable: true }) nextCursor: string | null;
}

export class RedriveView {
  @ApiProperty({ type: String, example: '4711' }) id: string;
  @ApiProperty({ type: String }) queue: string;
  @ApiProperty({ type: String }) stream: string;
}
