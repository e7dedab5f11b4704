import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsString, Length, Matches } from 'class-validator';
import { TEMPLATE_PURPOSES, type TemplatePurpose } from '#core/messaging';
import { MayBeAbsent } from './optional.js';
import { Visible } from './visible.js';

export class ConnectionTestView {
  @ApiProperty({ type: Boolean }) ok: boolean;
  @ApiProperty({ type: String, nullable: true, description: 'What the other side said, when it is not ok.' })
  why: string | null;
  @ApiProperty({ type: String, format: 'date-time' }) testedAt: string;
}

export class SubscriptionView {
  @ApiProperty({
    enum: ['yes', 'no', 'unknown'],
    description: 'Whether the channel brings webhooks here now, by its own word.',
  })
  subscribed: 'yes' | 'no' | 'unknown';
  @ApiProperty({ type: String, nullable: true, description: 'Why it is not `yes`.' }) why: string | null;
}

export class SendTestMessage {
  @ApiProperty({
    type: String,
    description:
      "The number of a phone at hand, in any usual notation; without a country code, it is one of the merchant's country.",
    example: '+971 50 000 0000',
  })
  @IsString()
  @Length(1, 100)
  @Visible({ search: true })
  to: string;

  @ApiPropertyOptional({
    enum: TEMPLATE_PURPOSES,
    description:
      'Send this template if the channel takes no free text: the phone has not written to the number for 24 hours.',
  })
  @MayBeAbsent()
  @IsIn(TEMPLATE_PURPOSES)
  template?: TemplatePurpose;

  @ApiPropertyOptional({ type: String, description: 'Left out: the number that was connected first.' })
  @MayBeAbsent()
  @Matches(/^acc_[0-9a-f]{32}$/, { message: "channelAccountId must be a channel account's id" })
  channelAccountId?: string;
}

export class TestMessageView {
  @ApiProperty({ type: String, example: 'msg_019a5b7c2f1e7c6b8a90d3e4f5a6b7c8' }) messageId: string;
  @ApiProperty({ type: String }) channelAccountId: string;
}
