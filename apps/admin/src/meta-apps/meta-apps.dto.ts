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

/** A path to one app. Whether there is such a merchant is said by whoever looks for it. */
export class MetaAppParams {
  @ApiProperty({ type: String, example: 'mer_019a5b7c2f1e7c6b8a90d3e4f5a6b7c8' })
  @Matches(/^\w{1,100}$/, { message: "merchantId must be a merchant's id" })
  merchantId: string;

  @ApiProperty({ type: String, description: "The merchant's name for it.", example: '1234567890123456' })
  @Matches(/^[A-Za-z0-9_-]{1,64}$/, {
    message: 'app must be 1 to 64 letters, digits, hyphens or underscores',
  })
  app: string;
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
}

export class MetaAppPage {
  @ApiProperty({ type: [MetaAppView] }) items: MetaAppView[];
  @ApiProperty({ type: String, nullable: true }) nextCursor: string | null;
}
