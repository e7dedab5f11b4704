import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsLatitude,
  IsLongitude,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';

export class CustomerBody {
  @Matches(/\S/, { message: 'name must not be empty' })
  @MaxLength(60)
  name: string;

  /** With country code; unset takes a free number in the United Arab Emirates. */
  @IsOptional()
  @Matches(/^\+?\d{7,15}$/)
  phone?: string;

  @IsOptional()
  @IsBoolean()
  hidePhone?: boolean;
}

class PriceBody {
  @IsInt()
  @Min(0)
  minor: number;

  @Matches(/^[A-Z]{3}$/)
  currency: string;
}

export class CartItemBody {
  @IsString()
  @IsNotEmpty()
  sku: string;

  /** A cart takes at most 99 of one item. */
  @IsInt()
  @Min(1)
  @Max(99)
  quantity: number;

  @IsOptional()
  @ValidateNested()
  @Type(() => PriceBody)
  price?: PriceBody;
}

export const PHONE_MESSAGE_TYPES = [
  'text',
  'list_reply',
  'button_reply',
  'order',
  'reaction',
  'location',
  'raw',
] as const;

/** Every message the phone can send; which fields count depends on `type`. */
export class PhoneMessageBody {
  @IsIn(PHONE_MESSAGE_TYPES)
  type: (typeof PHONE_MESSAGE_TYPES)[number];

  @ValidateIf((b: PhoneMessageBody) => b.type === 'text' || (b.type === 'order' && b.text !== undefined))
  @IsString()
  @IsNotEmpty()
  @MaxLength(65_536)
  text?: string;

  @ValidateIf((b: PhoneMessageBody) => ['list_reply', 'button_reply', 'reaction'].includes(b.type))
  @IsString()
  messageId?: string;

  @ValidateIf((b: PhoneMessageBody) => ['list_reply', 'button_reply'].includes(b.type))
  @IsString()
  id?: string;

  /** Empty takes the reaction back. */
  @ValidateIf((b: PhoneMessageBody) => b.type === 'reaction')
  @IsString()
  emoji?: string;

  @ValidateIf((b: PhoneMessageBody) => b.type === 'order')
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @ValidateNested({ each: true })
  @Type(() => CartItemBody)
  items?: CartItemBody[];

  @ValidateIf((b: PhoneMessageBody) => b.type === 'location')
  @IsLatitude()
  latitude?: number;

  @ValidateIf((b: PhoneMessageBody) => b.type === 'location')
  @IsLongitude()
  longitude?: number;

  @ValidateIf((b: PhoneMessageBody) => b.type === 'raw')
  @IsObject()
  message?: Record<string, unknown>;
}
