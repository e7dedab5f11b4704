import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsInt, IsISO31661Alpha2, IsUrl, Matches, Max, MaxLength, Min } from 'class-validator';
import type { ChannelAccountEntity, StoreConnectionEntity } from '#persistence';
import { MayBeAbsent } from './optional.js';
import { OverlapHours } from './overlap.dto.js';
import { Visible } from './visible.js';

/** Printable ASCII without spaces: what fits into a header. Messages name the rule, never the value. */
export const secretRule = (field: string): [RegExp, { message: string }] => [
  /^[\x21-\x7e]{8,2048}$/,
  { message: `${field} must be 8 to 2048 printable characters without spaces` },
];
export const SECRET = {
  type: String,
  writeOnly: true,
  description: 'Write-only: answers say `set`.',
} as const;
export const IS_SET = { type: String, enum: ['set'], description: 'Stored encrypted; never shown.' } as const;
export const TIME = { type: String, format: 'date-time' } as const;
export const DIGITS = /^\d{5,32}$/;
export const WEBHOOK_URL = {
  type: String,
  description: 'Address to enter at the vendor for its webhooks.',
} as const;

export class PutWhatsAppAccount {
  @ApiProperty({
    type: String,
    description: "Meta's id of the WhatsApp business account.",
    example: '102290129340398',
  })
  @Matches(DIGITS, { message: 'businessAccountId must be 5 to 32 digits' })
  businessAccountId: string;

  @ApiProperty({ type: String, description: "Meta's id of the phone number.", example: '106540352242922' })
  @Matches(DIGITS, { message: 'phoneNumberId must be 5 to 32 digits' })
  phoneNumberId: string;

  @ApiProperty({ type: String, description: 'As customers see it.', example: '+971 50 000 0000' })
  @Matches(/^\+?\d[\d ()-]{4,22}$/, { message: 'displayPhoneNumber must be a phone number' })
  @Matches(/^(?:\D*\d){5,15}\D*$/, { message: 'displayPhoneNumber must have 5 to 15 digits' })
  displayPhoneNumber: string;

  @ApiProperty({ ...SECRET, description: 'Token of a system user. Write-only: answers say `set`.' })
  @Matches(...secretRule('accessToken'))
  accessToken: string;

  @ApiPropertyOptional({ type: String, description: "Meta's id of the product catalog, for native carts." })
  @MayBeAbsent()
  @Matches(DIGITS, { message: 'catalogId must be 5 to 32 digits' })
  catalogId?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 1_000, default: 80 })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(1_000)
  messagesPerSecond?: number;

  @ApiPropertyOptional({
    type: Boolean,
    default: true,
    description: 'False: its webhooks are kept but not acted on.',
  })
  @MayBeAbsent()
  @IsBoolean()
  enabled?: boolean;
}

export class WhatsAppAccountView {
  @ApiProperty({ type: String, example: 'acc_019a5b7c2f1e7c6b8a90d3e4f5a6b7c8' }) id: string;
  @ApiProperty({ type: String }) businessAccountId: string;
  @ApiProperty({ type: String }) phoneNumberId: string;
  @ApiProperty({ type: String }) displayPhoneNumber: string;
  @ApiProperty({ type: String, nullable: true }) catalogId: string | null;
  @ApiProperty({ type: 'integer' }) messagesPerSecond: number;
  @ApiProperty({ type: Boolean }) enabled: boolean;
  @ApiProperty(IS_SET) accessToken: 'set';
  @ApiProperty(WEBHOOK_URL) webhookUrl: string;
  @ApiProperty({ ...TIME, nullable: true, description: 'When a live call last went well.' })
  verifiedAt: string | null;

  static of(row: ChannelAccountEntity, gateway: string): WhatsAppAccountView {
    return {
      id: row.id,
      businessAccountId: row.businessAccountId,
      phoneNumberId: row.phoneNumberId,
      displayPhoneNumber: row.displayPhoneNumber,
      catalogId: row.catalogId,
      messagesPerSecond: row.messagesPerSecond,
      enabled: row.enabled,
      accessToken: 'set',
      verifiedAt: row.verifiedAt?.toISOString() ?? null,
      webhookUrl: `${gateway}/webhooks/whatsapp`,
    };
  }
}

export class PutStore {
  @ApiProperty({
    type: String,
    description: 'Where the shop answers the store contract. With a merchant key: https and a public host.',
    example: 'https://shop.example.com/waco',
  })
  @IsUrl(
    { require_tld: false, require_protocol: true, protocols: ['http', 'https'], disallow_auth: true },
    { message: 'baseUrl must be an http(s) URL without a user name' },
  )
  @Matches(/^[^?#]*$/, { message: 'baseUrl must have no query and no fragment' })
  @MaxLength(500)
  @Visible()
  baseUrl: string;

  @ApiProperty({ type: String, description: 'Where goods are sold to, ISO 3166-1 alpha-2.', example: 'AE' })
  @IsISO31661Alpha2({ message: 'region must be an ISO 3166-1 alpha-2 code, e.g. AE' })
  @Matches(/^[A-Z]+$/, { message: 'region must be in capitals, e.g. AE' })
  region: string;

  @ApiProperty(SECRET)
  @Matches(...secretRule('apiKey'))
  apiKey: string;

  @ApiProperty(SECRET)
  @Matches(...secretRule('webhookSecret'))
  webhookSecret: string;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: 86_400,
    default: 900,
    description: 'A synced price older than this many seconds is not quoted when the shop does not answer.',
  })
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(86_400)
  maxAgeSeconds?: number;

  @OverlapHours()
  overlapHours?: number;
}

export class StoreView {
  @ApiProperty({ type: String, example: 'sto_019a5b7c2f1e7c6b8a90d3e4f5a6b7c8' }) id: string;
  @ApiProperty({ type: String }) baseUrl: string;
  @ApiProperty({ type: String }) region: string;
  @ApiProperty({ type: 'integer' }) maxAgeSeconds: number;
  @ApiProperty(IS_SET) apiKey: 'set';
  @ApiProperty(IS_SET) webhookSecret: 'set';
  @ApiProperty(WEBHOOK_URL) webhookUrl: string;
  @ApiProperty({ ...TIME, nullable: true, description: 'When a live call last went well.' })
  verifiedAt: string | null;

  static of(row: StoreConnectionEntity, gateway: string): StoreView {
    return {
      id: row.id,
      baseUrl: row.baseUrl,
      region: row.region,
      maxAgeSeconds: row.maxAgeSeconds,
      apiKey: 'set',
      webhookSecret: 'set',
      verifiedAt: row.verifiedAt?.toISOString() ?? null,
      webhookUrl: `${gateway}/webhooks/store/${row.merchantId}`,
    };
  }
}
