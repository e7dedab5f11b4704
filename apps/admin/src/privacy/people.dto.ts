import { ApiProperty, ApiPropertyOptional, type ApiPropertyOptions } from '@nestjs/swagger';
import { IsString, Length, Matches } from 'class-validator';
import type { ErasureReport, PersonAlias } from '#core/tenancy';
import { MayBeAbsent } from '../http/optional.js';
import { Visible } from '../http/visible.js';
import { phoneIn } from '../phone.js';
import { InvalidFields } from '../refusal.js';
import { PART_STATES, type Erasure, type PartState } from './erasures.js';
import type { MerchantErasureState } from './merchant-erasure.js';

/** One name of a person, in the body: an address stands in logs. */
export class PersonQuery {
  @ApiPropertyOptional({
    type: String,
    description: "In any usual notation; without a country code, it is one of the merchant's country.",
    example: '+971 50 123 4567',
  })
  @MayBeAbsent()
  @IsString()
  @Length(1, 100)
  @Visible({ search: true })
  phone?: string;

  @ApiPropertyOptional({
    type: String,
    description: "The channel's own id of the person, under whatever scheme.",
    example: 'AE.1234567890',
  })
  @MayBeAbsent()
  @IsString()
  @Length(1, 256)
  @Visible({ search: true })
  userId?: string;

  @ApiPropertyOptional({ type: String, example: '@sheena' })
  @MayBeAbsent()
  @Matches(/^@?[^\s@]{1,128}$/u, { message: 'username must be one word, with or without @' })
  @Visible({ search: true })
  username?: string;

  @ApiPropertyOptional({ type: String, example: 'con_019a5b7c2f1e7c6b8a90d3e4f5a6b7c8' })
  @MayBeAbsent()
  @Matches(/^con_[0-9a-f]{32}$/, { message: "contactId must be a contact's id" })
  contactId?: string;

  /** @throws Refusal `invalid`: it must be exactly one, and a phone number one that there can be. */
  static aliasOf({ phone, userId, username, contactId }: PersonQuery, country: string): PersonAlias {
    if ([phone, userId, username, contactId].filter((name) => name !== undefined).length !== 1) {
      const detail = 'give exactly one of phone, userId, username and contactId';
      throw new InvalidFields([{ field: 'phone', rule: 'oneOf', detail }]);
    }
    if (userId !== undefined) return { kind: 'user_id', value: userId };
    if (username !== undefined) return { kind: 'username', value: username.replace(/^@/, '') };
    if (contactId !== undefined) return { kind: 'contact_id', value: contactId };
    return { kind: 'phone', value: phoneIn('phone', phone!, country) };
  }
}

const OBJECTS = { type: 'array', items: { type: 'object', additionalProperties: true } } as const;

export class PersonDocument {
  @ApiProperty({ type: String }) merchantId: string;
  @ApiProperty({ type: String, format: 'date-time' }) exportedAt: string;
  @ApiProperty({ type: Boolean, description: 'False when nothing is held by this name.' }) found: boolean;
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'All names that led to what follows.',
  })
  names: object;
  @ApiProperty(OBJECTS) contacts: object[];
  @ApiProperty(OBJECTS) aliases: object[];
  @ApiProperty({ ...OBJECTS, description: 'What joins the contacts.' }) people: object[];
  @ApiProperty({
    ...OBJECTS,
    description: 'What proved that contacts are one person. With `ended_at` it does not hold any more.',
  })
  proofs: object[];
  @ApiProperty({ ...OBJECTS, description: 'With their carts.' }) threads: object[];
  @ApiProperty(OBJECTS) orders: object[];
  @ApiProperty(OBJECTS) recipients: object[];
  @ApiProperty({ ...OBJECTS, description: 'What was said to the person, and how it was delivered.' })
  messages: object[];
  @ApiProperty({ ...OBJECTS, description: 'Items of the journal, what the person wrote among them.' })
  items: object[];
}

const PARTS = {
  type: 'object' as const,
  additionalProperties: { type: 'string' as const, enum: [...PART_STATES] },
  description: 'How far each part is. One that failed stands among the dead letters and can be redriven.',
} satisfies ApiPropertyOptions;

const ERASURE_STATES = ['running', 'done', 'nothing_found', 'failed'] as const;

export class ErasureView {
  @ApiProperty({ type: String, example: 'era_019a5b7c2f1e7c6b8a90d3e4f5a6b7c8' }) erasureId: string;
  @ApiProperty({
    enum: ERASURE_STATES,
    description: 'With `nothing_found` no row was counted: it may be another name, or another merchant.',
  })
  state: (typeof ERASURE_STATES)[number];
  @ApiProperty({ type: String, format: 'date-time' }) requestedAt: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) completedAt: string | null;
  @ApiProperty(PARTS) parts: Record<string, PartState>;
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    nullable: true,
    description: 'How many rows of what were deleted or emptied.',
  })
  report: ErasureReport | null;

  static of({ erasureId, requestedAt, completedAt, parts, report }: Erasure): ErasureView {
    const failed = Object.values(parts).includes('failed');
    const ended = Object.values(report ?? {}).some((rows) => rows > 0) ? 'done' : 'nothing_found';
    return {
      erasureId,
      state: completedAt ? ended : failed ? 'failed' : 'running',
      requestedAt: requestedAt.toISOString(),
      completedAt: completedAt?.toISOString() ?? null,
      parts,
      report,
    };
  }
}

export class MerchantErasureView {
  @ApiProperty({ enum: ['none', 'planned', 'running', 'done', 'failed'] })
  state: 'none' | 'planned' | 'running' | 'done' | 'failed';
  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When it begins, or began.',
  })
  eraseAfter: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) erasedAt: string | null;
  @ApiProperty(PARTS) parts: Record<string, PartState>;

  static of({ eraseAfter, erasedAt, parts }: MerchantErasureState, now: Date): MerchantErasureView {
    const failed = Object.values(parts).includes('failed');
    const under = failed ? 'failed' : eraseAfter && eraseAfter <= now ? 'running' : 'planned';
    return {
      state: erasedAt ? 'done' : eraseAfter ? under : 'none',
      eraseAfter: eraseAfter?.toISOString() ?? null,
      erasedAt: erasedAt?.toISOString() ?? null,
      parts,
    };
  }
}
