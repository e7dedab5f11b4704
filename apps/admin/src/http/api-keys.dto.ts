import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, IsIn, IsInt, IsISO8601 } from 'class-validator';
import { IsString, Length, Max, Min } from 'class-validator';
import { API_SCOPES, type ApiScope } from '#core/tenancy';
import { MayBeAbsent } from './optional.js';
import { Visible } from './visible.js';

const MONTH_SECONDS = 30 * 86_400;

export class CreateApiKey {
  @ApiProperty({ type: String, minLength: 1, maxLength: 100, example: 'order system' })
  @IsString()
  @Length(1, 100)
  @Visible()
  name: string;

  @ApiPropertyOptional({
    enum: API_SCOPES,
    isArray: true,
    description:
      "What the key may do: no more than yours. Left out: all that yours may; a merchant's key gets " +
      '`people:unmask` only when it is named.',
    example: ['operations:read'],
  })
  @MayBeAbsent()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(API_SCOPES.length)
  @ArrayUnique()
  @IsIn(API_SCOPES, { each: true })
  scopes?: ApiScope[];

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Left out: until it is revoked.' })
  @MayBeAbsent()
  @IsISO8601({ strict: true }, { message: 'expiresAt must be an ISO 8601 date and time' })
  @Visible()
  expiresAt?: string;
}

export class RotateApiKey {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: MONTH_SECONDS,
    default: 86_400,
    description: 'How long the old key stays good beside the new one, in seconds.',
  })
  @MayBeAbsent()
  @IsInt()
  @Min(0)
  @Max(MONTH_SECONDS)
  overlapSeconds: number = 86_400;
}

const TIME = { type: String, format: 'date-time' } as const;

export class ApiKeyView {
  @ApiProperty({ type: String, example: 'key_019a5b7c2f1e7c6b8a90d3e4f5a6b7c8' }) id: string;
  @ApiProperty({ type: String }) name: string;
  @ApiProperty({ enum: API_SCOPES, isArray: true, example: ['operations:read'] }) scopes: ApiScope[];
  @ApiProperty(TIME) createdAt: string;
  @ApiProperty({ type: String, nullable: true, description: 'Id of the key that made it.' })
  createdBy: string | null;
  @ApiProperty({ ...TIME, nullable: true }) expiresAt: string | null;
  @ApiProperty({ ...TIME, nullable: true }) revokedAt: string | null;
  @ApiProperty({ ...TIME, nullable: true, description: 'To the minute.' }) lastUsedAt: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'Id of the key that took its place.' })
  replacedBy: string | null;
}

export class NewApiKeyView extends ApiKeyView {
  @ApiProperty({ type: String, description: 'The key itself. It is shown this once and kept nowhere.' })
  key: string;
}

export class ApiKeyPage {
  @ApiProperty({ type: [ApiKeyView] }) items: ApiKeyView[];
  @ApiProperty({ type: String, nullable: true }) nextCursor: string | null;
}
