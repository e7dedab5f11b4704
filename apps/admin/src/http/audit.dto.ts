import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsISO8601, IsString, Length, Matches } from 'class-validator';
import type { AuditRow } from '../audit/audit-reader.js';
import { InvalidFields } from '../refusal.js';
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
  @Visible({ search: true })
  actor?: string;

  @ApiPropertyOptional({ type: String, example: 'merchant.suspend' })
  @MayBeAbsent()
  @IsString()
  @Length(1, 200)
  @Visible({ search: true })
  action?: string;

  @ApiPropertyOptional({ type: String, description: 'Id of what was changed.' })
  @MayBeAbsent()
  @IsString()
  @Length(1, 500)
  @Visible({ search: true })
  target?: string;

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'From this time on.' })
  @MayBeAbsent()
  @IsISO8601({ strict: true }, { message: 'from must be an ISO 8601 date and time' })
  @Visible({ search: true })
  from?: string;

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Before this time.' })
  @MayBeAbsent()
  @IsISO8601({ strict: true }, { message: 'to must be an ISO 8601 date and time' })
  @Visible({ search: true })
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
  @ApiProperty({
    ...ANY,
    description:
      'As it was. Secrets are not in it. `{"tooLarge": bytes}` where it is more than its share of a list.',
  })
  before: object | null;
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
  @ApiProperty({ type: String, description: "A merchant's id, or `platform`." }) chain: string;
  @ApiProperty({ type: 'integer', minimum: 0, description: 'Place of its last row.' }) seq: number;
  @ApiProperty({ type: String, description: 'Hash of that row.' }) hash: string;
}

const MOST_HEADS = 5_000;

export class VerifyAudit {
  @ApiPropertyOptional({ type: [ChainHeadDto], description: 'The `heads` of an earlier answer.' })
  heads?: ChainHeadDto[];

  /** By hand: class-validator takes a tenth of a second for so many. @throws Refusal `invalid`. */
  static headsOf(body: unknown): ChainHeadDto[] {
    const { heads = [], ...others } = mustBe(isObject, body ?? {}, 'body', 'body must be an object');
    for (const field of Object.keys(others))
      mustBe(isNothing, others[field], field, `${field} should not exist`);
    const rule = `heads must be a list of at most ${MOST_HEADS} heads`;
    const list = mustBe(Array.isArray, heads, 'heads', rule) as unknown[];
    mustBe(isNothing, list[MOST_HEADS], 'heads', rule);
    return list.map((head, i) => {
      const at = `heads.${i}`;
      const { chain, seq, hash, ...more } = mustBe(isObject, head, at, `${at} must be a head`);
      for (const field of Object.keys(more))
        mustBe(isNothing, more[field], `${at}.${field}`, 'it should not exist');
      return {
        chain: mustBe(isChain, chain, `${at}.chain`, 'chain must be the chain of a head'),
        seq: mustBe(isPlace, seq, `${at}.seq`, 'seq must be a whole number from 0'),
        hash: mustBe(isHash, hash, `${at}.hash`, 'hash must be 64 hexadecimal digits'),
      };
    });
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isNothing = (value: unknown): value is undefined => value === undefined;
const isChain = (value: unknown): value is string => typeof value === 'string' && /^\w{1,100}$/.test(value);
const isPlace = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isHash = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

function mustBe<T>(is: (value: unknown) => value is T, value: unknown, field: string, detail: string): T {
  if (is(value)) return value;
  throw new InvalidFields([{ field, rule: 'head', detail }]);
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
