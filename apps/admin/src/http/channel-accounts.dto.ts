import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';
import type { ChannelAccountEntity, ChannelKind } from '#persistence';
import { DIGITS, IS_SET, SECRET, secretRule } from './connections.dto.js';
import { MayBeAbsent } from './optional.js';
import { Visible } from './visible.js';

const KINDS = ['whatsapp', 'messenger', 'instagram'] as const;
const NAME = { type: String, minLength: 1, maxLength: 100, example: 'Desert Threads' } as const;

export class ConnectMessenger {
  @ApiProperty({ type: String, description: "Meta's id of the page.", example: '110123456789012' })
  @Matches(DIGITS, { message: 'pageId must be 5 to 32 digits' })
  pageId: string;

  @ApiProperty({ ...NAME, description: 'As customers see it.' })
  @IsString()
  @Length(1, 100)
  @Visible()
  displayName: string;

  @ApiProperty({ ...SECRET, description: "The page's access token. Write-only: answers say `set`." })
  @Matches(...secretRule('accessToken'))
  accessToken: string;
}

export class ConnectInstagram extends ConnectMessenger {
  @ApiProperty({
    type: String,
    description: "Meta's id of the professional account.",
    example: '17841400000000000',
  })
  @Matches(DIGITS, { message: 'instagramAccountId must be 5 to 32 digits' })
  instagramAccountId: string;
}

export class UpdateChannelAccount {
  @ApiPropertyOptional({ ...NAME, description: 'As customers see it.' })
  @MayBeAbsent()
  @IsString()
  @Length(1, 100)
  @Visible()
  displayName?: string;

  @ApiPropertyOptional(SECRET)
  @MayBeAbsent()
  @Matches(...secretRule('accessToken'))
  accessToken?: string;

  @ApiPropertyOptional({ type: String, description: "Meta's id of the product catalog." })
  @MayBeAbsent()
  @Matches(DIGITS, { message: 'catalogId must be 5 to 32 digits' })
  catalogId?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 1_000 })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(1_000)
  messagesPerSecond?: number;

  @ApiPropertyOptional({ type: Boolean, description: 'False: its webhooks are kept but not acted on.' })
  @MayBeAbsent()
  @IsBoolean()
  enabled?: boolean;
}

export class ChannelAccountView {
  @ApiProperty({ type: String, example: 'acc_019a5b7c2f1e7c6b8a90d3e4f5a6b7c8' }) id: string;
  @ApiProperty({ enum: KINDS }) kind: ChannelKind;
  @ApiProperty({ type: String, description: 'WhatsApp: the business account. Otherwise the page.' })
  businessAccountId: string;
  @ApiProperty({
    type: String,
    description: "Meta's id of what messages are sent from: phone number, page or Instagram account.",
  })
  senderId: string;
  @ApiProperty({ type: String }) displayName: string;
  @ApiProperty({ type: String, nullable: true }) catalogId: string | null;
  @ApiProperty({ type: 'integer' }) messagesPerSecond: number;
  @ApiProperty({ type: Boolean }) enabled: boolean;
  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When a live call last went well.',
  })
  verifiedAt: string | null;
  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When the merchant was closed.',
  })
  releasedAt: string | null;
  @ApiProperty(IS_SET) accessToken: 'set';

  static of(row: ChannelAccountEntity): ChannelAccountView {
    return {
      id: row.id,
      kind: row.kind,
      businessAccountId: row.businessAccountId,
      senderId: row.phoneNumberId,
      displayName: row.displayPhoneNumber,
      catalogId: row.catalogId,
      messagesPerSecond: row.messagesPerSecond,
      enabled: row.enabled,
      verifiedAt: row.verifiedAt?.toISOString() ?? null,
      releasedAt: row.releasedAt?.toISOString() ?? null,
      accessToken: 'set',
    };
  }
}

export class ChannelAccountPage {
  @ApiProperty({ type: [ChannelAccountView] }) items: ChannelAccountView[];
  @ApiProperty({ type: String, nullable: true }) nextCursor: string | null;
}
