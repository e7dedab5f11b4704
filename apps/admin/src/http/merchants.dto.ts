import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  IsBoolean,
  IsInt,
  IsISO31661Alpha2,
  IsISO4217CurrencyCode,
  IsString,
  Length,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { MERCHANT_STATUSES, type MerchantStatus } from '#core/tenancy';
import { MayBeAbsent } from './optional.js';
import { Visible, VisibleLines } from './visible.js';

const NAME = { type: String, minLength: 1, maxLength: 200, example: 'Desert Threads' } as const;
const COUNTRY = { type: String, description: 'ISO 3166-1 alpha-2.', example: 'AE' } as const;
const CURRENCY = { type: String, description: 'ISO 4217.', example: 'AED' } as const;
const LANGUAGE = {
  type: String,
  description: 'Language the shop speaks first: ISO 639, and perhaps a country.',
  example: 'en',
} as const;
const CAPITALS = /^[A-Z]+$/;
const LANGUAGE_CODE = /^[a-z]{2,3}(_[A-Z]{2})?$/;

export class CreateMerchant {
  @ApiProperty(NAME)
  @IsString()
  @Length(1, 200)
  @Visible()
  name: string;

  @ApiProperty({
    type: String,
    description:
      'Short name in addresses and logs, unique on the platform: lowercase letters, digits, hyphens.',
    example: 'desert-threads',
  })
  @Matches(/^(?=.{2,63}$)[a-z0-9](-?[a-z0-9])+$/, {
    message: 'slug must be 2 to 63 lowercase letters, digits and single hyphens between them',
  })
  slug: string;

  @ApiProperty(COUNTRY)
  @IsISO31661Alpha2({ message: 'country must be an ISO 3166-1 alpha-2 code, e.g. AE' })
  @Matches(CAPITALS, { message: 'country must be in capitals, e.g. AE' })
  country: string;

  @ApiProperty(CURRENCY)
  @IsISO4217CurrencyCode({ message: 'currency must be an ISO 4217 code, e.g. AED' })
  @Matches(CAPITALS, { message: 'currency must be in capitals, e.g. AED' })
  currency: string;

  @ApiProperty(LANGUAGE)
  @Matches(LANGUAGE_CODE, { message: 'language must be a code such as en, ar or pt_BR' })
  language: string;
}

export class UpdateMerchant {
  @ApiPropertyOptional(NAME)
  @MayBeAbsent()
  @IsString()
  @Length(1, 200)
  @Visible()
  name?: string;

  @ApiPropertyOptional(COUNTRY)
  @MayBeAbsent()
  @IsISO31661Alpha2({ message: 'country must be an ISO 3166-1 alpha-2 code, e.g. AE' })
  @Matches(CAPITALS, { message: 'country must be in capitals, e.g. AE' })
  country?: string;

  @ApiPropertyOptional(CURRENCY)
  @MayBeAbsent()
  @IsISO4217CurrencyCode({ message: 'currency must be an ISO 4217 code, e.g. AED' })
  @Matches(CAPITALS, { message: 'currency must be in capitals, e.g. AED' })
  currency?: string;

  @ApiPropertyOptional(LANGUAGE)
  @MayBeAbsent()
  @Matches(LANGUAGE_CODE, { message: 'language must be a code such as en, ar or pt_BR' })
  language?: string;
}

export class SuspendMerchant {
  @ApiProperty({ type: String, minLength: 1, maxLength: 500, example: 'unpaid invoice' })
  @IsString()
  @Length(1, 500)
  @VisibleLines()
  reason: string;
}

export class CloseMerchant extends SuspendMerchant {
  @ApiPropertyOptional({
    type: Boolean,
    default: false,
    description: 'Close although orders are open. Their refunds are then for the merchant to make.',
  })
  @MayBeAbsent()
  @IsBoolean()
  force: boolean = false;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: 365,
    default: 30,
    description: 'After so many days everything that is left of it is erased. Export it before.',
  })
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(365)
  eraseAfterDays: number = 30;
}

export class MerchantView {
  @ApiProperty({ type: String, example: 'mer_019a5b7c2f1e7c6b8a90d3e4f5a6b7c8' }) merchantId: string;
  @ApiProperty({ type: String }) slug: string;
  @ApiProperty({ type: String }) name: string;
  @ApiProperty({ enum: MERCHANT_STATUSES }) status: MerchantStatus;
  @ApiProperty({ type: String, nullable: true, description: 'Why it is suspended or closed.' })
  statusReason: string | null;
  @ApiProperty({ type: String }) country: string;
  @ApiProperty({ type: String }) currency: string;
  @ApiProperty({ type: String }) language: string;
  @ApiProperty({ type: String, format: 'date-time' }) createdAt: string;
  @ApiProperty({ type: String, format: 'date-time' }) updatedAt: string;
}

export class MerchantPage {
  @ApiProperty({ type: [MerchantView] }) items: MerchantView[];
  @ApiProperty({ type: String, nullable: true }) nextCursor: string | null;
}
