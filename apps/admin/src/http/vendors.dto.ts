import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { ChannelVendor, Field, PaymentVendor, StoreVendor } from '#vendors';
import { fieldsOf } from './channel-accounts.dto.js';

type AnyVendor = ChannelVendor | StoreVendor | PaymentVendor;

const PORTS = ['channel', 'store', 'payment'] as const;

export class VendorFieldView {
  @ApiProperty({ type: String, description: 'As the API takes it.', example: 'secretKey' }) name: string;
  @ApiProperty({ type: String, example: 'Secret key' }) label: string;
  @ApiPropertyOptional({ type: String }) help?: string;
  @ApiPropertyOptional({ type: String }) example?: string;
  @ApiProperty({ type: Boolean, description: 'Sealed, and never shown.' }) secret: boolean;
  @ApiProperty({ enum: ['text', 'url', 'name'] }) kind: 'text' | 'url' | 'name';
  @ApiProperty({ type: Boolean }) optional: boolean;
  @ApiProperty({ type: String, description: 'A regular expression (ECMAScript).' }) pattern: string;
  @ApiProperty({ type: String, example: 'u', description: 'Flags of the pattern, often none.' })
  flags: string;
  @ApiProperty({ type: String, description: 'The same in words that follow the name.' }) rule: string;

  static of({ name, label, help, example, secret, kind, optional, rule, words }: Field): VendorFieldView {
    return {
      name,
      label,
      ...(help && { help }),
      ...(example && { example }),
      secret,
      kind: kind ?? 'text',
      optional: optional ?? false,
      pattern: rule.source,
      flags: rule.flags,
      rule: words,
    };
  }
}

export class VendorView {
  @ApiProperty({ enum: PORTS }) port: (typeof PORTS)[number];
  @ApiProperty({ type: String, example: 'rest' }) kind: string;
  @ApiProperty({ type: String }) displayName: string;
  @ApiProperty({ type: [VendorFieldView] }) fields: VendorFieldView[];
  @ApiProperty({ type: [String], description: 'What it can do of what not all of its port can.' })
  capabilities: string[];
  @ApiProperty({
    type: [String],
    description: 'Where its webhooks come in, below the address of the gateway. An account says its own.',
  })
  webhookRoutes: string[];

  static ofChannel(vendor: ChannelVendor): VendorView {
    const { webhooks, accountWebhooks } = vendor;
    return {
      ...common({ ...vendor, fields: fieldsOf(vendor) }),
      webhookRoutes: [...Object.values(webhooks?.routes ?? {}), ...(accountWebhooks?.routes ?? [])],
    };
  }

  /** Of a store or a payment provider. */
  static ofAccounts(vendor: StoreVendor | PaymentVendor): VendorView {
    return { ...common(vendor), webhookRoutes: [...vendor.webhooks.routes] };
  }
}

export class VendorList {
  @ApiProperty({ type: [VendorView] }) items: VendorView[];
  @ApiProperty({ type: String, nullable: true, description: 'Always null: they are few.' }) nextCursor: null;
}

function common({ port, kind, displayName, fields, capabilities }: AnyVendor) {
  const views = fields.map((field) => VendorFieldView.of(field));
  return { port, kind, displayName, fields: views, capabilities: [...capabilities] };
}
