import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsISO8601, IsString, Length } from 'class-validator';
import type { ApiKeyEntity } from '#persistence';
import { MayBeAbsent } from './optional.js';

export class CreateApiKey {
  @ApiProperty({ type: String, minLength: 1, maxLength: 100, example: 'order system' })
  @IsString()
  @Length(1, 100)
  name: string;

  @ApiPropertyOptional({ type: String, format: 'date-time', description: 'Left out: until it is revoked.' })
  @MayBeAbsent()
  @IsISO8601({ strict: true }, { message: 'expiresAt must be an ISO 8601 date and time' })
  expiresAt?: string;
}

export class ApiKeyView {
  @ApiProperty({ type: String, example: 'key_019a5b7c2f1e7c6b8a90d3e4f5a6b7c8' }) id: string;
  @ApiProperty({ type: String }) name: string;
  @ApiProperty({ type: [String], example: ['merchant'] }) scopes: string[];
  @ApiProperty({ type: String, format: 'date-time' }) createdAt: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) expiresAt: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) revokedAt: string | null;

  static of(row: ApiKeyEntity): ApiKeyView {
    return {
      id: row.id,
      name: row.name,
      scopes: row.scopes,
      createdAt: row.createdAt.toISOString(),
      expiresAt: row.expiresAt?.toISOString() ?? null,
      revokedAt: row.revokedAt?.toISOString() ?? null,
    };
  }
}

export class NewApiKeyView extends ApiKeyView {
  @ApiProperty({ type: String, description: 'The key itself. It is shown this once and kept nowhere.' })
  key: string;
}

export class ApiKeyList {
  @ApiProperty({ type: [ApiKeyView] }) items: ApiKeyView[];
}
