import { ApiProperty } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { OverlapHours } from '../http/overlap.dto.js';

const WRITE_ONLY = { type: String, writeOnly: true } as const;
const IS_SET = { type: String, enum: ['set'], description: 'Stored encrypted; never shown.' } as const;
const RULE = /^[\x21-\x7e]{8,512}$/;

export class PutMetaApp {
  @ApiProperty({
    ...WRITE_ONLY,
    description: 'The app secret of the Meta app. Write-only: answers say `set`.',
  })
  @Matches(RULE, { message: 'appSecret must be 8 to 512 printable characters without spaces' })
  appSecret: string;

  @ApiProperty({
    ...WRITE_ONLY,
    description: "What is typed into Meta's dashboard beside the callback address. Write-only.",
  })
  @Matches(RULE, { message: 'verifyToken must be 8 to 512 printable characters without spaces' })
  verifyToken: string;

  @OverlapHours()
  overlapHours?: number;
}

export interface MetaAppRow {
  id: string;
  app: string;
  createdAt: Date;
  updatedAt: Date;
}

export class MetaAppView {
  @ApiProperty({ type: String, example: 'app_019a5b7c2f1e7c6b8a90d3e4f5a6b7c8' }) id: string;
  @ApiProperty({ type: String, description: "The merchant's name for it.", example: '1234567890123456' })
  app: string;
  @ApiProperty(IS_SET) appSecret: 'set';
  @ApiProperty(IS_SET) verifyToken: 'set';
  @ApiProperty({ type: String, description: "Callback address to enter in the app's dashboard." })
  webhookUrl: string;
  @ApiProperty({ type: String, format: 'date-time' }) createdAt: string;
  @ApiProperty({ type: String, format: 'date-time' }) updatedAt: string;

  static of(row: MetaAppRow, gateway: string): MetaAppView {
    return {
      id: row.id,
      app: row.app,
      appSecret: 'set',
      verifyToken: 'set',
      webhookUrl: `${gateway}/webhooks/whatsapp/${row.id}`,
      createdAt: row.createdAt.toISOString(),
      updatedAt: row.updatedAt.toISOString(),
    };
  }
}

export class MetaAppList {
  @ApiProperty({ type: [MetaAppView] }) items: MetaAppView[];
}
