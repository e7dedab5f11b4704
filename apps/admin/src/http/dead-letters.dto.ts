import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import type { DeadLetter } from '../onboarding/dead-letters.js';
import { MayBeAbsent } from './optional.js';
import { PageQuery } from './page.dto.js';

export class DeadLetterQuery extends PageQuery {
  @ApiPropertyOptional({ type: String, description: 'Left out: of all merchants the key may see.' })
  @MayBeAbsent()
  @Matches(/^mer_[0-9a-f]{32}$/, { message: "merchantId must be a merchant's id" })
  merchantId?: string;
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
  @ApiProperty({ type: String, example: 'whatsapp' }) source: string;
  @ApiProperty({ type: String, nullable: true }) reason: string | null;
  @ApiProperty({ type: 'integer' }) attempts: number;
  @ApiProperty({ type: 'integer', description: 'How often it has been redriven.' }) redrives: number;
  @ApiProperty({ type: String, format: 'date-time' }) occurredAt: string;
  @ApiProperty({ type: String, format: 'date-time' }) parkedAt: string;

  static of(letter: DeadLetter): DeadLetterView {
    return {
      ...letter,
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
