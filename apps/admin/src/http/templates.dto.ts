import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsIn, IsString, Length, Matches } from 'class-validator';
import { TEMPLATE_PURPOSES, type TemplatePurpose } from '#core/messaging';
import type { TemplateEntity } from '#persistence';
import { VisibleLines } from './visible.js';

const CATEGORIES = ['utility', 'marketing', 'authentication'] as const;

export class TemplateParams {
  @ApiProperty({ type: String })
  @Matches(/^\w{1,100}$/, { message: "merchantId must be a merchant's id" })
  merchantId: string;

  @ApiProperty({ enum: TEMPLATE_PURPOSES, description: 'What the message is for.' })
  @IsIn(TEMPLATE_PURPOSES)
  purpose: TemplatePurpose;
}

export class PutTemplate {
  @ApiProperty({
    type: String,
    description: "The template's name at the channel.",
    example: 'order_shipped_v1',
  })
  @Matches(/^[a-z0-9_]{1,512}$/, {
    message: 'name must be 1 to 512 lowercase letters, digits and underscores',
  })
  name: string;

  @ApiProperty({ type: String, description: "The channel's language code.", example: 'en' })
  @Matches(/^[a-z]{2,3}(_[A-Z]{2,4})?$/, { message: 'language must be a code such as en, ar or pt_BR' })
  language: string;

  @ApiProperty({ enum: CATEGORIES })
  @IsIn(CATEGORIES)
  category: (typeof CATEGORIES)[number];

  @ApiProperty({
    type: String,
    minLength: 1,
    maxLength: 1_024,
    description: 'Variables are {{1}}, {{2}}, … without a gap, none at the very start or end.',
    example: 'Your order {{1}} is on its way. Track it with {{2}}, any time.',
  })
  @IsString()
  @Length(1, 1_024)
  @VisibleLines()
  body: string;

  @ApiProperty({
    type: [String],
    description: 'Names of the facts that fill {{1}}, {{2}}, … in order.',
    example: ['order', 'tracking_code'],
  })
  @IsArray()
  @ArrayMaxSize(20)
  @Matches(/^[a-z][a-z0-9_]{0,63}$/, {
    each: true,
    message: 'each of parameters must be a name of lowercase letters, digits and underscores',
  })
  parameters: string[];
}

export class TemplateView {
  @ApiProperty({ type: String, example: 'tpl_019a5b7c2f1e7c6b8a90d3e4f5a6b7c8' }) id: string;
  @ApiProperty({ type: String, description: 'The number that sends it.' }) channelAccountId: string;
  @ApiProperty({ enum: TEMPLATE_PURPOSES }) purpose: string;
  @ApiProperty({ type: String }) name: string;
  @ApiProperty({ type: String }) language: string;
  @ApiProperty({ enum: CATEGORIES }) category: string;
  @ApiProperty({ type: String }) body: string;
  @ApiProperty({ type: [String] }) parameters: string[];

  static of(row: TemplateEntity): TemplateView {
    const { id, channelAccountId, purpose, name, language, category, body, parameters } = row;
    return { id, channelAccountId, purpose, name, language, category, body, parameters };
  }
}

export class PutTemplateView extends TemplateView {
  @ApiProperty({ type: String, description: "The channel's word for it now.", example: 'APPROVED' })
  status: string;

  @ApiProperty({
    type: Boolean,
    description: 'False: the channel had a template of this name and language already.',
  })
  created: boolean;
}

export class TemplatePage {
  @ApiProperty({ type: [TemplateView] }) items: TemplateView[];
  @ApiProperty({ type: String, nullable: true }) nextCursor: string | null;
}
