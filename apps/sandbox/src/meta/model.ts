/** The sandbox's picture of Meta's side: apps, WhatsApp business accounts, people and what they said. */

export type Json = Record<string, unknown>;

export interface MetaApp {
  appId: string;
  appSecret: string;
  callbackUrl: string;
  verifyToken: string;
}

export const TIERS = {
  TIER_50: 50,
  TIER_250: 250,
  TIER_2K: 2_000,
  TIER_10K: 10_000,
  TIER_100K: 100_000,
  TIER_UNLIMITED: Infinity,
} as const;
export type Tier = keyof typeof TIERS;

export interface PhoneNumber {
  id: string;
  displayPhoneNumber: string;
  verifiedName: string;
  /** Messages a second, in and out together. */
  throughput?: number;
}

export interface Waba {
  wabaId: string;
  appId: string;
  portfolioId: string;
  accessToken: string;
  name: string;
  phoneNumbers: PhoneNumber[];
  tier?: Tier;
  /** The one catalog linked to this account; product messages must name it when it is set. */
  catalogId?: string;
  /** The demo shop behind this business, for the phone's product cards. */
  shop?: string;
  /** False: no app is subscribed, and nothing is sent. True when it is not said. */
  subscribed?: boolean;
  /** Set through `subscribed_apps`: this account's messages go here instead of the app's address. */
  overrideCallbackUrl?: string;
}

/** A Facebook page, with the professional Instagram account that is linked with it. */
export interface Page {
  pageId: string;
  name: string;
  accessToken: string;
  instagramAccountId?: string;
}

export const TEMPLATE_STATUSES = ['APPROVED', 'PENDING', 'REJECTED', 'PAUSED', 'DISABLED'] as const;
export type TemplateStatus = (typeof TEMPLATE_STATUSES)[number];

export interface Template {
  id: string;
  wabaId: string;
  name: string;
  language: string;
  category: 'UTILITY' | 'MARKETING' | 'AUTHENTICATION';
  parameterFormat: 'POSITIONAL' | 'NAMED';
  components: Json[];
  status: TemplateStatus;
}

export interface Customer {
  customerId: string;
  name: string;
  /** Digits only, with country code. */
  phone: string;
  /** The person has a username and no recent contact: businesses do not see the phone number. */
  hidePhone: boolean;
  /** Nothing reaches this person: sends fail with 131026. */
  unreachable?: boolean;
}

type DeliveryStatus = 'accepted' | 'sent' | 'delivered' | 'read' | 'failed';

export interface ThreadMessage {
  /** Position in its thread, from 1; never changes. */
  seq: number;
  id: string;
  customerId: string;
  phoneNumberId: string;
  /** Seen from the phone: `out` is what the customer sent. */
  direction: 'in' | 'out';
  /** ISO 8601, platform time. */
  at: string;
  message: Json;
  status?: DeliveryStatus;
  /** The whole message as plain text: header, body, footer and what can be tapped. */
  text: string;
  /** A template filled in. */
  rendered?: RenderedTemplate;
  /** `biz_opaque_callback_data` of the send. */
  opaque?: string;
  /** Billing category of a business message. */
  category?: 'service' | 'utility' | 'marketing' | 'authentication';
}

export interface RenderedTemplate {
  header?: string;
  body: string;
  footer?: string;
  buttons: { type: string; text: string; url?: string; payload?: string }[];
}

/** One call to send a message, as the platform saw it. */
export interface LedgerEntry {
  at: string;
  phoneNumberId: string;
  recipient: string;
  type: string;
  bizOpaqueCallbackData?: string;
  /** Set when it was accepted. */
  wamid?: string;
  /** Set when it was refused. */
  code?: number;
  details?: string;
}
