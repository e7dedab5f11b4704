import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsInt, Matches, Max, Min } from 'class-validator';
import { CHANNELS, DISPLAY_NAME, type ChannelVendor, type Field } from '#vendors';
import { MayBeAbsent } from './optional.js';
import { OverlapHours } from './overlap.dto.js';
import { TIME, WEBHOOK_URL } from './stores.dto.js';
import { capital, formOf, oneOf, viewOf } from './vendor-form.js';

const KINDS = CHANNELS.map(({ kind }) => kind);

/** A path that names a channel. */
export class ChannelKindParams {
  @ApiProperty({ type: String, example: 'mer_019a5b7c2f1e7c6b8a90d3e4f5a6b7c8' })
  @Matches(/^\w{1,100}$/, { message: "merchantId must be a merchant's id" })
  merchantId: string;

  @ApiProperty({ enum: KINDS })
  @IsIn(KINDS, { message: `kind must be one of ${KINDS.join(', ')}` })
  kind: string;
}

/** What every account has; one that nothing is sent from yet has no more. */
export class StoreChannelAccount {
  @ApiPropertyOptional({
    type: Boolean,
    description: 'False: its webhooks are kept but not acted on. True at first.',
  })
  @MayBeAbsent()
  @IsBoolean()
  enabled?: boolean;
}

export class ConnectChannelAccount extends StoreChannelAccount {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 1_000, description: '80 at first.' })
  @MayBeAbsent()
  @IsInt()
  @Min(1)
  @Max(1_000)
  messagesPerSecond?: number;
}

/** Of a channel whose accounts have secrets of their own for webhooks. */
class ConnectSigningAccount extends ConnectChannelAccount {
  @OverlapHours()
  overlapHours?: number;
}

const CATALOG: Field = {
  name: 'catalogId',
  label: 'Catalog',
  help: "The channel's id of the product catalog, for native carts.",
  secret: false,
  rule: /^\d{5,32}$/,
  words: 'must be 5 to 32 digits',
  optional: true,
};

/** Everything that a merchant gives for an account. */
export function fieldsOf(vendor: ChannelVendor): Field[] {
  const { ids, fields } = vendor;
  const { account, sender, name } = ids;
  return [account, ...(sender === account ? [] : [sender]), name, ...fields, ...catalogOf(vendor)];
}

function catalogOf({ capabilities }: ChannelVendor): Field[] {
  return capabilities.includes('catalogs') ? [CATALOG] : [];
}

function commonOf({ talk, accountWebhooks }: ChannelVendor) {
  if (accountWebhooks) return ConnectSigningAccount;
  return talk ? ConnectChannelAccount : StoreChannelAccount;
}

/** By kind. */
export const CHANNEL_FORMS = new Map(
  CHANNELS.map((vendor) => [
    vendor.kind,
    formOf(`Connect${capital(vendor.kind)}`, fieldsOf(vendor), commonOf(vendor)),
  ]),
);

/** By kind, all but what the account is: what is left out stays as it is. */
export const CHANNEL_UPDATES = new Map(
  CHANNELS.map((vendor) => [
    vendor.kind,
    formOf(
      `Update${capital(vendor.kind)}`,
      [DISPLAY_NAME, ...vendor.fields, ...catalogOf(vendor)].map((field) => ({
        ...field,
        optional: true,
      })),
      commonOf(vendor),
    ),
  ]),
);

export class ChannelAccountView {
  @ApiProperty({ type: String, example: 'acc_019a5b7c2f1e7c6b8a90d3e4f5a6b7c8' }) id: string;
  @ApiProperty({ enum: KINDS }) kind: string;
  @ApiProperty({
    type: String,
    description: 'What the sender belongs to at the channel: a business account, a page.',
  })
  accountId: string;
  @ApiProperty({
    type: String,
    description: "The channel's id of what messages are sent from: a phone number, a page, an account.",
  })
  senderId: string;
  @ApiProperty({ type: String }) displayName: string;
  @ApiProperty({ type: String, nullable: true }) catalogId: string | null;
  @ApiProperty({ type: 'integer' }) messagesPerSecond: number;
  @ApiProperty({ type: Boolean }) enabled: boolean;
  @ApiProperty({ ...WEBHOOK_URL, nullable: true }) webhookUrl: string | null;
  @ApiProperty({ ...TIME, nullable: true, description: 'When a live call last went well.' })
  verifiedAt: string | null;
  @ApiProperty({ ...TIME, nullable: true, description: 'When the merchant was closed.' })
  releasedAt: string | null;
}

export const CHANNEL_VIEWS = CHANNELS.map(({ kind, fields }) =>
  viewOf(`${capital(kind)}AccountView`, fields, ChannelAccountView),
);

export class ChannelAccountPage {
  @ApiProperty({ type: 'array', items: oneOf(CHANNEL_VIEWS) }) items: ChannelAccountView[];
  @ApiProperty({ type: String, nullable: true }) nextCursor: string | null;
}
