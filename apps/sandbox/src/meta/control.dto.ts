import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsDefined,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsOptional,
  IsString,
  IsUrl,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { TEMPLATE_STATUSES, TIERS, type TemplateStatus, type Tier } from './model.js';

export class AppBody {
  @IsString()
  @IsNotEmpty()
  appSecret: string;

  @IsUrl({ require_tld: false, require_protocol: true, protocols: ['http', 'https'] })
  callbackUrl: string;

  @IsString()
  @IsNotEmpty()
  verifyToken: string;
}

export class PageBody {
  @IsString()
  @IsNotEmpty()
  name: string;

  @IsString()
  @IsNotEmpty()
  accessToken: string;

  @IsOptional()
  @Matches(/^\d{3,25}$/)
  instagramAccountId?: string;
}

export class PhoneNumberBody {
  @Matches(/^\d{3,25}$/)
  id: string;

  @IsString()
  @IsNotEmpty()
  displayPhoneNumber: string;

  @IsString()
  @IsNotEmpty()
  verifiedName: string;

  @IsOptional()
  @IsInt()
  @Min(1)
  throughput?: number;
}

export class WabaBody {
  @IsString()
  @IsNotEmpty()
  appId: string;

  @IsString()
  @IsNotEmpty()
  portfolioId: string;

  @IsString()
  @IsNotEmpty()
  accessToken: string;

  @IsString()
  @IsNotEmpty()
  name: string;

  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => PhoneNumberBody)
  phoneNumbers: PhoneNumberBody[];

  @IsOptional()
  @IsIn(Object.keys(TIERS))
  tier?: Tier;

  @IsOptional()
  @IsString()
  catalogId?: string;

  @IsOptional()
  @IsString()
  shop?: string;

  /** Whether its app is subscribed to it already, as a merchant would have to see to at Meta. True at first. */
  @IsOptional()
  @IsBoolean()
  subscribed?: boolean;
}

export class TemplateStatusBody {
  @IsIn(TEMPLATE_STATUSES)
  status: TemplateStatus;
}

export class SettingsBody {
  @IsOptional()
  @IsIn(['sync', 'async'])
  windowErrorMode?: 'sync' | 'async';

  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(60_000)
  sentAfterMs?: number;

  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(60_000)
  deliveredAfterMs?: number;
}

export class FaultBody {
  @IsIn(['error', 'timeout-after-accept', 'hold', 'reset', 'delay'])
  kind: 'error' | 'timeout-after-accept' | 'hold' | 'reset' | 'delay';

  @IsOptional()
  @IsInt()
  code?: number;

  @IsOptional()
  @IsInt()
  @Min(400)
  @Max(599)
  status?: number;

  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(600_000)
  ms?: number;
}

export class FaultsBody {
  @IsArray()
  @ArrayMaxSize(1_000)
  @ValidateNested({ each: true })
  @Type(() => FaultBody)
  nextSends: FaultBody[];
}

export class CustomerStateBody {
  @IsOptional()
  @IsBoolean()
  unreachable?: boolean;

  @IsOptional()
  @IsBoolean()
  hidePhone?: boolean;
}

export class EventBody {
  @IsString()
  @IsNotEmpty()
  field: string;

  @IsDefined()
  value: unknown;
}
