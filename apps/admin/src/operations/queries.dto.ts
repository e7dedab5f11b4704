import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean, IsISO8601, Matches } from 'class-validator';
import { MayBeAbsent } from '../http/optional.js';
import { PageQuery } from '../http/page.dto.js';

const UNMASKED = {
  type: Boolean,
  default: false,
  description: 'True: phone numbers in full, if the key may see them.',
} as const;

const toBoolean = Transform(({ value }: { value: unknown }) =>
  value === 'true' ? true : value === 'false' ? false : value,
);

const timeRule = (field: string) => `${field} must be an ISO 8601 date and time with its zone`;

export function isTime(field: string): [{ strict: true }, { message: string }] {
  return [{ strict: true }, { message: timeRule(field) }];
}

/** ISO 8601 allows more than a point in time: weeks, months, times of nowhere. */
export function hasZone(field: string): [RegExp, { message: string }] {
  return [
    /^[12]\d{3}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-](0\d|1[0-4]):[0-5]\d)$/,
    { message: timeRule(field) },
  ];
}

/** A path below a merchant. */
export class MerchantParams {
  @ApiProperty({ type: String, example: 'mer_019a5b7c2f1e7c6b8a90d3e4f5a6b7c8' })
  @Matches(/^mer_[0-9a-z_]{1,64}$/, { message: "merchantId must be a merchant's id" })
  merchantId: string;
}

export class ShowQuery {
  @ApiPropertyOptional(UNMASKED)
  @MayBeAbsent()
  @toBoolean
  @IsBoolean()
  unmasked?: boolean;
}

export class ShowPageQuery extends PageQuery {
  @ApiPropertyOptional(UNMASKED)
  @MayBeAbsent()
  @toBoolean
  @IsBoolean()
  unmasked?: boolean;
}

export class RangePageQuery extends ShowPageQuery {
  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'From this time on.' })
  @MayBeAbsent()
  @IsISO8601(...isTime('from'))
  @Matches(...hasZone('from'))
  from?: string;

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Before this time.' })
  @MayBeAbsent()
  @IsISO8601(...isTime('to'))
  @Matches(...hasZone('to'))
  to?: string;
}

/** What stands in a path as an id: printable, and never long. */
export class IdParams extends MerchantParams {
  @ApiProperty({ type: String })
  @Matches(/^[\x21-\x7e]{1,200}$/, { message: 'id must be 1 to 200 printable characters' })
  id: string;
}
