import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { MerchantSettings, MerchantStatus } from '#core/tenancy';

export type { MerchantStatus };

/** Values of a vendor's fields, by their names. */
export type Settings = Readonly<Record<string, string>>;

@Entity({ schema: 'tenancy', name: 'merchants' })
export class MerchantEntity {
  @PrimaryColumn({ name: 'merchant_id', type: 'text' }) merchantId: string;
  @Column({ type: 'text' }) slug: string;
  @Column({ type: 'text' }) name: string;
  @Column({ type: 'text' }) status: MerchantStatus;
  @Column({ type: 'char', length: 2 }) country: string;
  @Column({ type: 'char', length: 3 }) currency: string;
  @Column({ type: 'text' }) language: string;
  /** Counts the changes: the ETag. */
  @Column({ type: 'integer', default: 1 }) version: number;
  @Column({ name: 'suspended_at', type: 'timestamptz', nullable: true }) suspendedAt: Date | null;
  /** When it was last resumed: what came before that, while it was suspended, may be too old to answer. */
  @Column({ name: 'resumed_at', type: 'timestamptz', nullable: true }) resumedAt: Date | null;
  @Column({ name: 'closed_at', type: 'timestamptz', nullable: true }) closedAt: Date | null;
  /** When all that is left of a closed one is to go. */
  @Column({ name: 'erase_after', type: 'timestamptz', nullable: true }) eraseAfter: Date | null;
  /** Nothing is left of it but this row and the audit log. */
  @Column({ name: 'erased_at', type: 'timestamptz', nullable: true }) erasedAt: Date | null;
  /** Why it is suspended or closed, in an operator's words. */
  @Column({ name: 'status_reason', type: 'text', nullable: true }) statusReason: string | null;
  @Column({ name: 'created_at', type: 'timestamptz' }) createdAt: Date;
  @Column({ name: 'updated_at', type: 'timestamptz' }) updatedAt: Date;
}

/** What a merchant has set of its own choice, one document in sections, validated by the admin API. */
@Entity({ schema: 'tenancy', name: 'merchant_settings' })
export class MerchantSettingsEntity {
  @PrimaryColumn({ name: 'merchant_id', type: 'text' }) merchantId: string;
  @Column({ type: 'jsonb' }) document: MerchantSettings;
  @Column({ type: 'integer' }) version: number;
  @Column({ name: 'updated_at', type: 'timestamptz' }) updatedAt: Date;
}

@Entity({ schema: 'tenancy', name: 'channel_accounts' })
export class ChannelAccountEntity {
  @PrimaryColumn({ type: 'text' }) id: string;
  @Column({ name: 'merchant_id', type: 'text' }) merchantId: string;
  /** Kind of the channel, as the registry of vendors has it. */
  @Column({ type: 'text' }) kind: string;
  /** What it belongs to at the channel: a business account, a page. */
  @Column({ name: 'account_id', type: 'text' }) accountId: string;
  /** The channel's id of what messages are sent from: a phone number, a page. */
  @Column({ name: 'sender_id', type: 'text' }) senderId: string;
  /** As customers see it: a phone number, or a name. */
  @Column({ name: 'display_name', type: 'text' }) displayName: string;
  @Column({ name: 'catalog_id', type: 'text', nullable: true }) catalogId: string | null;
  /** The vendor's fields that are no secrets. */
  @Column({ type: 'jsonb' }) settings: Settings;
  /** Its secrets, see `FieldBox`. Nothing of use once it is released. */
  @Column({ type: 'text', nullable: true }) credentials: string | null;
  /** Of the release before. */
  @Column({ name: 'access_token', type: 'text', nullable: true }) accessToken: string | null;
  @Column({ name: 'messages_per_second', type: 'integer' }) messagesPerSecond: number;
  @Column({ type: 'boolean' }) enabled: boolean;
  /** When a live call last went well. */
  @Column({ name: 'verified_at', type: 'timestamptz', nullable: true }) verifiedAt: Date | null;
  /** When its merchant gave it up: another one may connect it. */
  @Column({ name: 'released_at', type: 'timestamptz', nullable: true }) releasedAt: Date | null;
  @Column({ name: 'created_at', type: 'timestamptz' }) createdAt: Date;
}

@Entity({ schema: 'tenancy', name: 'store_connections' })
export class StoreConnectionEntity {
  @PrimaryColumn({ type: 'text' }) id: string;
  @Column({ name: 'merchant_id', type: 'text' }) merchantId: string;
  /** Kind of the shop's system, as the registry of vendors has it. */
  @Column({ type: 'text' }) kind: string;
  @Column({ type: 'char', length: 2 }) region: string;
  /** The vendor's fields that are no secrets. */
  @Column({ type: 'jsonb' }) settings: Settings;
  /** Its secrets, see `FieldBox`. */
  @Column({ type: 'text', nullable: true }) credentials: string | null;
  /** Three of the release before. */
  @Column({ name: 'base_url', type: 'text', nullable: true }) baseUrl: string | null;
  @Column({ name: 'api_key', type: 'text', nullable: true }) apiKey: string | null;
  @Column({ name: 'webhook_secret', type: 'text', nullable: true }) webhookSecret: string | null;
  /** A synced price older than this many seconds is not quoted. */
  @Column({ name: 'max_age_seconds', type: 'integer' }) maxAgeSeconds: number;
  @Column({ name: 'verified_at', type: 'timestamptz', nullable: true }) verifiedAt: Date | null;
  @Column({ name: 'created_at', type: 'timestamptz' }) createdAt: Date;
}

@Entity({ schema: 'tenancy', name: 'payment_providers' })
export class PaymentProviderEntity {
  @PrimaryColumn({ type: 'text' }) id: string;
  @Column({ name: 'merchant_id', type: 'text' }) merchantId: string;
  /** Kind of the provider, as the registry of vendors has it; the account's key begins with it. */
  @Column({ type: 'text' }) kind: string;
  /** The merchant's key for it, e.g. `acme-sa`; unique within the merchant, and never given to another account. */
  @Column({ type: 'text' }) account: string;
  /** The vendor's fields that are no secrets. */
  @Column({ type: 'jsonb' }) settings: Settings;
  /** Its secrets, see `FieldBox`. */
  @Column({ type: 'text', nullable: true }) credentials: string | null;
  /** Two of the release before. */
  @Column({ name: 'secret_key', type: 'text', nullable: true }) secretKey: string | null;
  @Column({ name: 'webhook_secret', type: 'text', nullable: true }) webhookSecret: string | null;
  @Column({ name: 'verified_at', type: 'timestamptz', nullable: true }) verifiedAt: Date | null;
  @Column({ name: 'created_at', type: 'timestamptz' }) createdAt: Date;
}

@Entity({ schema: 'tenancy', name: 'templates' })
export class TemplateEntity {
  @PrimaryColumn({ type: 'text' }) id: string;
  @Column({ name: 'merchant_id', type: 'text' }) merchantId: string;
  @Column({ name: 'channel_account_id', type: 'text' }) channelAccountId: string;
  /** What it is for, e.g. `delivery_update`: messages ask for a purpose, never for a name. */
  @Column({ type: 'text' }) purpose: string;
  @Column({ type: 'text' }) name: string;
  @Column({ type: 'text' }) language: string;
  @Column({ type: 'text' }) category: 'utility' | 'marketing' | 'authentication';
  @Column({ type: 'text' }) body: string;
  /** Names of the facts that fill {{1}}, {{2}}, … in order. */
  @Column({ type: 'text', array: true }) parameters: string[];
  @Column({ name: 'created_at', type: 'timestamptz' }) createdAt: Date;
}

@Entity({ schema: 'tenancy', name: 'api_keys' })
export class ApiKeyEntity {
  @PrimaryColumn({ type: 'text' }) id: string;
  /** Null: an operator of the platform. */
  @Column({ name: 'merchant_id', type: 'text', nullable: true }) merchantId: string | null;
  @Column({ type: 'text' }) name: string;
  /** SHA-256 of the key, hex; the key itself is shown once and kept nowhere. */
  @Column({ type: 'text' }) hash: string;
  @Column({ type: 'text', array: true }) scopes: string[];
  @Column({ name: 'created_at', type: 'timestamptz' }) createdAt: Date;
  @Column({ name: 'expires_at', type: 'timestamptz', nullable: true }) expiresAt: Date | null;
  @Column({ name: 'revoked_at', type: 'timestamptz', nullable: true }) revokedAt: Date | null;
  /** To the minute. */
  @Column({ name: 'last_used_at', type: 'timestamptz', nullable: true }) lastUsedAt: Date | null;
  /** Id of the key that made it. */
  @Column({ name: 'created_by', type: 'text', nullable: true }) createdBy: string | null;
  /** Id of the key that took its place. */
  @Column({ name: 'replaced_by', type: 'text', nullable: true }) replacedBy: string | null;
}

export const TENANCY_ENTITIES = [
  MerchantEntity,
  MerchantSettingsEntity,
  ChannelAccountEntity,
  StoreConnectionEntity,
  PaymentProviderEntity,
  TemplateEntity,
  ApiKeyEntity,
];
