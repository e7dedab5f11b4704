import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsInt,
  IsISO8601,
  IsString,
  Length,
  Matches,
  Min,
  ValidateNested,
} from 'class-validator';
import type { AuditRow } from '../audit/audit-reader.js';
import { MayBeAbsent } from './optional.js';
import { PageQuery } from './page.dto.js';
import { Visible } from './visible.js';

export class AuditQuery extends PageQuery {
  @ApiPropertyOptional({ type: String, description: 'Left out: everything that the key may see.' })
  @MayBeAbsent()
  @Matches(/^mer_[0-9a-f]{32}$/, { message: "merchantId must be a merchant's id" })
  merchantId?: string;

  @ApiPropertyOptional({ type: String, description: 'Id of the key that acted.' })
  @MayBeAbsent()
  @IsString()
  @Length(1, 100)
  @Visible()
  actor?: string;

  @ApiPropertyOptional({ type: String, example: 'merchant.suspend' })
  @MayBeAbsent()
  @IsString()
  @Length(1, 200)
  @Visible()
  action?: string;

  @ApiPropertyOptional({ type: String, description: 'Id of what was changed.' })
  @MayBeAbsent()
  @IsString()
  @Length(1, 500)
  @Visible()
  target?: string;

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'From this time on.' })
  @MayBeAbsent()
  @IsISO8601({ strict: true }, { message: 'from must be an ISO 8601 date and time' })
  @Visible()
  from?: string;

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Before this time.' })
  @MayBeAbsent()
  @IsISO8601({ strict: true }, { message: 'to must be an ISO 8601 date and time' })
  @Visible()
  to?: string;
}

const ANY = { type: 'object', additionalProperties: true, nullable: true } as const;

export class AuditView {
  @ApiProperty({ type: String, example: '4711' }) id: string;
  @ApiProperty({ type: String, nullable: true, description: 'Null: it concerns the platform.' })
  merchantId: string | null;
  @ApiProperty({ type: 'integer', description: 'Its place in its chain.' }) seq: number;
  @ApiProperty({ type: String, format: 'date-time' }) at: string;
  @ApiProperty({ type: String, description: 'Id of the key that acted.' }) actor: string;
  @ApiProperty({ enum: ['operator', 'merchant', 'system'] }) actorKind: string;
  @ApiProperty({ type: String, example: 'merchant.suspend' }) action: string;
  @ApiProperty({ type: String, description: 'Id of what was changed.' }) target: string;
  @ApiProperty({ ...ANY, description: 'As it was. Secrets are not in it.' }) before: object | null;
  @ApiProperty({ ...ANY, description: 'As it is since.' }) after: object | null;
  @ApiProperty({ type: String, nullable: true, description: "The answer's `X-Request-Id`." })
  requestId: string | null;
  @ApiProperty({ type: String, description: 'SHA-256 of this row and the hash of the one before.' })
  hash: string;

  static of(row: AuditRow): AuditView {
    return {
      ...row,
      at: row.at.toISOString(),
      before: row.before === null ? null : (JSON.parse(row.before) as object),
      after: row.after === null ? null : (JSON.parse(row.after) as object),
    };
  }
}

export class AuditPage {
  @ApiProperty({ type: [AuditView] }) items: AuditView[];
  @ApiProperty({ type: String, nullable: true }) nextCursor: string | null;
}

export class ChainHeadDto {
  @ApiProperty({ type: String, description: "A merchant's id, or `platform`." })
  @Matches(/^\w{1,100}$/, { message: 'chain must be the chain of a head' })
  chain: string;

  @ApiProperty({ type: 'integer', minimum: 0, description: 'Place of its last row.' })
  @IsInt()
  @Min(0)
  seq: number;

  @ApiProperty({ type: String, description: 'Hash of that row.' })
  @Matches(/^[0-9a-f]{64}$/, { message: 'hash must be 64 hexadecimal digits' })
  hash: string;
}

export class VerifyAudit {
  @ApiPropertyOptional({ type: [ChainHeadDto], description: 'The `heads` of an earlier answer.' })
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(5_000)
  @ValidateNested({ each: true })
  @Type(() => ChainHeadDto)
  heads?: ChainHeadDto[];
}

const WHY = ['missing', 'out_of_place', 'altered', 'replaced'] as const;

export class ChainBreakView {
  @ApiProperty({ type: String }) chain: string;
  @ApiProperty({ type: 'integer' }) seq: number;
  @ApiProperty({ enum: WHY }) why: (typeof WHY)[number];
}

export class AuditReportView {
  @ApiProperty({ type: Boolean }) sound: boolean;
  @ApiProperty({ type: 'integer', description: 'Rows that are as they were written.' }) rows: number;
  @ApiProperty({ type: [ChainBreakView], description: 'The first broken row of each broken chain.' })
  breaks: ChainBreakView[];
  @ApiProperty({ type: [ChainHeadDto], description: 'Where each chain stands: keep them elsewhere.' })
  heads: ChainHeadDto[];
}
