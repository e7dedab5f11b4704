import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsDefined,
  IsInt,
  IsISO8601,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';

const CURRENCY = /^[A-Z]{3}$/;
const REGION = /^[A-Z]{2}$/;

export class MoneyBody {
  @IsInt()
  minor!: number;

  @Matches(CURRENCY)
  currency!: string;
}

export class LineBody {
  @IsString()
  @Length(1, 100)
  sku!: string;

  @IsInt()
  @Min(1)
  @Max(999)
  quantity!: number;
}

export class ProductsQuery {
  @IsOptional()
  @IsISO8601({ strict: true })
  updated_since?: string;

  @IsOptional()
  @IsString()
  cursor?: string;

  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(200)
  limit: number = 50;
}

class WithLines {
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @ValidateNested({ each: true })
  @Type(() => LineBody)
  lines!: LineBody[];
}

export class QuoteBody extends WithLines {
  @IsOptional()
  @Matches(CURRENCY)
  currency?: string;

  @IsOptional()
  @Matches(REGION)
  region?: string;
}

export class ExtendBody {
  @IsInt()
  @Min(1)
  @Max(172_800)
  ttlSeconds!: number;
}

export class ReservationBody extends WithLines {
  @IsString()
  @Length(1, 128)
  orderRef!: string;

  @IsInt()
  @Min(1)
  @Max(172_800)
  ttlSeconds!: number;
}

class CustomerBody {
  @IsOptional()
  @IsString()
  name?: string;

  @IsOptional()
  @IsString()
  phone?: string;
}

class OrderLineBody extends LineBody {
  @IsDefined()
  @ValidateNested()
  @Type(() => MoneyBody)
  unitPrice!: MoneyBody;
}

class PaymentBody {
  @IsString()
  @Length(1, 100)
  provider!: string;

  @IsString()
  @Length(1, 200)
  reference!: string;

  @IsISO8601({ strict: true })
  paidAt!: string;
}

export class OrderBody {
  @IsString()
  @Length(1, 128)
  orderRef!: string;

  @IsString()
  @Length(1, 128)
  reservationId!: string;

  @IsDefined()
  @ValidateNested()
  @Type(() => CustomerBody)
  customer!: CustomerBody;

  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @ValidateNested({ each: true })
  @Type(() => OrderLineBody)
  lines!: OrderLineBody[];

  @IsDefined()
  @ValidateNested()
  @Type(() => MoneyBody)
  total!: MoneyBody;

  @IsDefined()
  @ValidateNested()
  @Type(() => PaymentBody)
  payment!: PaymentBody;
}
