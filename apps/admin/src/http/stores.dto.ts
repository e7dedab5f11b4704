import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsISO31661Alpha2, Matches, Max, Min } from 'class-validator';
import { STORES } from '#vendors';
import { DEFAULT_STORE_KIND } from '../onboarding/stores.js';
import { MayBeAbsent } from './optional.js';
import { OverlapHours } from './overlap.dto.js';
import { capital, formOf, viewOf } from './vendor-form.js';

export const TIME = { type: String, format: 'date-time' } as const;
export const WEBHOOK_URL = {
  type: String,
  description: 'Address to enter at the vendor for its webhooks.',
} as const;

const KINDS = STORES.map(({ kind }) => kind);

export class PutStore {
  @ApiPropertyOptional({
    enum: KINDS,
    default: DEFAULT_STORE_KIND,
    description: "Kind of the shop's system.",
  })
  @MayBeAbsent()
  @IsIn(KINDS, { message: `kind must be one of ${KINDS.join(', ')}` })
  kind?: string;

  @ApiProperty({ type: String, description: 'Where goods are sold to, ISO 3166-1 alpha-2.', example: 'AE' })
  @IsISO31661Alpha2({ message: 'region must be an ISO 3166-1 alpha-2 code, e.g. AE' })
  @Matches(/^[A-Z]+$/, { message: 'region must be in capitals, e.g. AE' })
  region: string;

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
  @ApiProperty({ enum: KINDS }) kind: string;
  @ApiProperty({ type: String }) region: string;
  @ApiProperty({ type: 'integer' }) maxAgeSeconds: number;
  @ApiProperty(WEBHOOK_URL) webhookUrl: string;
  @ApiProperty({ ...TIME, nullable: true, description: 'When a live call last went well.' })
  verifiedAt: string | null;
}

/** By kind. */
export const STORE_FORMS = new Map(
  STORES.map(({ kind, fields }) => [kind, formOf(`Put${capital(kind)}Store`, fields, PutStore)]),
);
export const STORE_VIEWS = STORES.map(({ kind, fields }) =>
  viewOf(`${capital(kind)}StoreView`, fields, StoreView),
);
