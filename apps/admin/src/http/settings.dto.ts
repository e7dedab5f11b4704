import { ApiProperty, ApiPropertyOptional, type ApiPropertyOptions } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsDefined,
  IsEmail,
  IsIn,
  IsInt,
  IsISO31661Alpha2,
  IsISO4217CurrencyCode,
  IsISO8601,
  IsString,
  IsUrl,
  Length,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { RETENTION_BOUNDS, retentionOf, WEEKDAYS, type RetentionPart, type Weekday } from '#core/tenancy';
import { MayBeAbsent } from './optional.js';
import { ACCOUNT_EXAMPLE, ACCOUNT_RULE, KNOWN_ACCOUNT } from './payment-accounts.dto.js';
import { Visible } from './visible.js';

const LANGUAGE = /^[a-z]{2,3}(_[A-Z]{2})?$/;
const LANGUAGE_RULE = 'must be a code such as en, ar or pt_BR';
const COUNTRY_RULE = 'must be ISO 3166-1 alpha-2 codes in capitals, e.g. AE';
const CAPITALS = /^[A-Z]+$/;
const MOST_MINOR = 1_000_000_000_000;
const TIME_OF_DAY = /^([01]\d|2[0-3]):[0-5]\d$/;
const COUNT = { type: 'integer', minimum: 1, maximum: 1_000_000 } as const;
const MINOR = { type: 'integer', minimum: 0, maximum: MOST_MINOR } as const;

/** A list of parts of this class, each validated. */
function Parts(type: () => new () => object, most: number): PropertyDecorator {
  return (target, property) => {
    IsArray()(target, property);
    ArrayMaxSize(most)(target, property as string);
    ValidateNested({ each: true })(target, property as string);
    Type(type)(target, property);
  };
}

export class PaymentRouteDto {
  @ApiPropertyOptional({ type: String, example: 'AE', description: 'Left out: any country.' })
  @MayBeAbsent()
  @IsISO31661Alpha2({ message: `country ${COUNTRY_RULE}` })
  @Matches(CAPITALS, { message: `country ${COUNTRY_RULE}` })
  country?: string;

  @ApiPropertyOptional({ type: String, example: 'AED', description: 'Left out: any currency.' })
  @MayBeAbsent()
  @IsISO4217CurrencyCode({ message: 'currency must be an ISO 4217 code, e.g. AED' })
  @Matches(CAPITALS, { message: 'currency must be in capitals, e.g. AED' })
  currency?: string;

  @ApiProperty({ type: String, description: 'Key of the payment account.', example: ACCOUNT_EXAMPLE })
  @Matches(KNOWN_ACCOUNT, { message: `provider ${ACCOUNT_RULE}` })
  provider: string;
}

export class PaymentSettings {
  @ApiProperty({
    type: [PaymentRouteDto],
    description:
      "The route that says most of an order is taken: `country` is where the shop's goods are sold to, `currency` what " +
      'they are priced in. Without any, the one account that has the name of its provider. An order keeps the account that it got.',
  })
  @Parts(() => PaymentRouteDto, 100)
  routes: PaymentRouteDto[];
}

export class CourierDto {
  @ApiProperty({ type: String, example: 'aramex' })
  @Matches(/^[a-z0-9](-?[a-z0-9]){0,62}$/, { message: 'code must be lowercase letters, digits and hyphens' })
  code: string;

  @ApiProperty({ type: String, minLength: 1, maxLength: 100, example: 'Aramex' })
  @IsString()
  @Length(1, 100)
  @Visible()
  name: string;

  @ApiPropertyOptional({
    type: String,
    description: 'With `{code}` where the tracking code stands.',
    example: 'https://www.aramex.com/track?code={code}',
  })
  @MayBeAbsent()
  @Matches(/\{code\}/, { message: 'trackingUrl must have {code} in it' })
  @IsUrl({ protocols: ['https'], require_protocol: true }, { message: 'trackingUrl must be an https URL' })
  @Length(1, 500)
  @Visible()
  trackingUrl?: string;

  @ApiPropertyOptional({ type: [String], example: ['AE'] })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(250)
  @ArrayUnique()
  @IsISO31661Alpha2({ each: true, message: `each of countries ${COUNTRY_RULE}` })
  countries?: string[];
}

export class LanguageSettings {
  @ApiProperty({ type: String, example: 'en' })
  @Matches(LANGUAGE, { message: `first ${LANGUAGE_RULE}` })
  first: string;

  @ApiProperty({ type: [String], example: ['ar'] })
  @IsArray()
  @ArrayMaxSize(50)
  @Matches(LANGUAGE, { each: true, message: `each of others ${LANGUAGE_RULE}` })
  others: string[];
}

export class OpenHours {
  @ApiProperty({ enum: WEEKDAYS })
  @IsIn(WEEKDAYS)
  day: Weekday;

  @ApiProperty({ type: String, example: '09:00' })
  @Matches(TIME_OF_DAY, { message: 'from must be a time of day, HH:MM' })
  from: string;

  @ApiProperty({ type: String, example: '18:00' })
  @Matches(TIME_OF_DAY, { message: 'to must be a time of day, HH:MM' })
  to: string;
}

export class BusinessHoursDto {
  @ApiProperty({ type: String, description: 'IANA.', example: 'Asia/Dubai' })
  @IsString()
  @Length(1, 64)
  @Visible()
  timeZone: string;

  @ApiProperty({
    type: [OpenHours],
    description: 'Hours of one day do not overlap and do not pass midnight.',
  })
  @Parts(() => OpenHours, 50)
  open: OpenHours[];

  @ApiPropertyOptional({ type: [String], format: 'date', example: ['2026-12-02'] })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(366)
  @ArrayUnique()
  @Matches(/^\d{4}-\d\d-\d\d$/, { each: true, message: 'each of closedOn must be a date, YYYY-MM-DD' })
  @IsISO8601({ strict: true }, { each: true, message: 'each of closedOn must be a date that there is' })
  closedOn?: string[];
}

export class LimitSettings {
  @ApiPropertyOptional(COUNT)
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  messagesPerDay?: number;

  @ApiPropertyOptional(COUNT)
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  openOrdersPerCustomer?: number;

  @ApiPropertyOptional({ ...MINOR, description: "In the merchant's currency." })
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(MOST_MINOR)
  maxOrderMinor?: number;
}

export class BudgetSettings {
  @ApiProperty({ type: String, example: 'USD' })
  @IsISO4217CurrencyCode({ message: 'currency must be an ISO 4217 code, e.g. USD' })
  @Matches(CAPITALS, { message: 'currency must be in capitals, e.g. USD' })
  currency: string;

  @ApiPropertyOptional(MINOR)
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(MOST_MINOR)
  messagingMinorPerMonth?: number;

  @ApiPropertyOptional(MINOR)
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(MOST_MINOR)
  modelMinorPerMonth?: number;
}

export class StaffMemberDto {
  @ApiProperty({ type: String, minLength: 1, maxLength: 100 })
  @IsString()
  @Length(1, 100)
  @Visible()
  name: string;

  @ApiPropertyOptional({ type: String, format: 'email' })
  @MayBeAbsent()
  @IsEmail()
  @Visible()
  email?: string;

  @ApiPropertyOptional({ type: String, example: '+971500000000' })
  @MayBeAbsent()
  @Matches(/^\+\d{6,15}$/, { message: 'phone must be a number such as +971500000000' })
  phone?: string;

  @ApiPropertyOptional({ type: [String], example: ['en', 'ar'] })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(20)
  @ArrayUnique()
  @Matches(LANGUAGE, { each: true, message: `each of languages ${LANGUAGE_RULE}` })
  languages?: string[];
}

const days = (part: RetentionPart) => {
  const { least, most } = RETENTION_BOUNDS[part];
  return { type: 'integer', minimum: least, maximum: most } as const;
};

/** A number of days within the bounds of this part. */
function Days(part: RetentionPart): PropertyDecorator {
  return (target, property) => {
    MayBeAbsent()(target, property);
    IsInt()(target, property as string);
    Min(RETENTION_BOUNDS[part].least)(target, property as string);
    Max(RETENTION_BOUNDS[part].most)(target, property as string);
  };
}

export class RetentionSettingsDto {
  @ApiPropertyOptional({
    ...days('chats'),
    default: retentionOf().chats,
    description: 'Messages, and contacts with their threads since anything was said last.',
  })
  @Days('chats')
  chats?: number;

  @ApiPropertyOptional({
    ...days('orders'),
    default: retentionOf().orders,
    description: 'Names and numbers in orders, since the order last changed. Amounts, ids and dates stay.',
  })
  @Days('orders')
  orders?: number;

  @ApiPropertyOptional({
    ...days('journal'),
    default: retentionOf().journal,
    description: 'Settled items of the journal. Not longer than chats and orders, whose words it repeats.',
  })
  @Days('journal')
  journal?: number;
}

/** A section that is left out has not been chosen. */
export class SettingsDto {
  @ApiPropertyOptional({ type: PaymentSettings })
  @MayBeAbsent()
  @Part(() => PaymentSettings)
  payments?: PaymentSettings;

  @NotReadYet({ type: [CourierDto] })
  @MayBeAbsent()
  @Parts(() => CourierDto, 100)
  couriers?: CourierDto[];

  @NotReadYet({ type: LanguageSettings })
  @MayBeAbsent()
  @Part(() => LanguageSettings)
  languages?: LanguageSettings;

  @NotReadYet({ type: [String], description: 'Countries that goods are sold to.', example: ['AE'] })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(250)
  @ArrayUnique()
  @IsISO31661Alpha2({ each: true, message: `each of regions ${COUNTRY_RULE}` })
  @Matches(CAPITALS, { each: true, message: `each of regions ${COUNTRY_RULE}` })
  regions?: string[];

  @NotReadYet({ type: BusinessHoursDto })
  @MayBeAbsent()
  @Part(() => BusinessHoursDto)
  businessHours?: BusinessHoursDto;

  @NotReadYet({ type: LimitSettings })
  @MayBeAbsent()
  @Part(() => LimitSettings)
  limits?: LimitSettings;

  @NotReadYet({ type: BudgetSettings })
  @MayBeAbsent()
  @Part(() => BudgetSettings)
  budgets?: BudgetSettings;

  @NotReadYet({ type: [StaffMemberDto], description: 'People who take a conversation over.' })
  @MayBeAbsent()
  @Parts(() => StaffMemberDto, 200)
  staff?: StaffMemberDto[];

  @ApiPropertyOptional({ type: RetentionSettingsDto, description: 'How many days it is kept.' })
  @MayBeAbsent()
  @Part(() => RetentionSettingsDto)
  retention?: RetentionSettingsDto;
}

/** Of a section that is kept and validated, and that no service acts on. */
function NotReadYet({ description, ...options }: ApiPropertyOptions): PropertyDecorator {
  const said = [description, 'Kept and validated; nothing acts on it yet.'].filter(Boolean).join(' ');
  const mark = { 'x-not-read-yet': true };
  return ApiPropertyOptional({ ...options, description: said, ...mark } as ApiPropertyOptions);
}

/** One part of this class, validated. */
function Part(type: () => new () => object): PropertyDecorator {
  return (target, property) => {
    IsDefined()(target, property);
    ValidateNested()(target, property as string);
    Type(type)(target, property);
  };
}
