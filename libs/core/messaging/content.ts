import { personKey, type PersonRef } from './person.js';

/** What is said to a customer, in no channel's own terms. Each channel renders it within its documented limits. */
export type OutboundContent =
  | { type: 'text'; body: string }
  | {
      type: 'list';
      header?: string;
      body: string;
      footer?: string;
      /** Label of the button that opens the list. */
      button: string;
      sections: { title: string; rows: Choice[] }[];
    }
  | { type: 'buttons'; header?: string; imageUrl?: string; body: string; footer?: string; buttons: Choice[] }
  | { type: 'link'; header?: string; body: string; footer?: string; label: string; url: string }
  | { type: 'product'; body?: string; footer?: string; catalogId: string; sku: string };

/** Something a customer can tap; `id` comes back. */
export interface Choice {
  id: string;
  title: string;
  description?: string;
}

/** Sent in place of the content when only a template may be sent. */
export interface TemplateFallback {
  /** What the message is for: each merchant has an approved template for a purpose. */
  purpose: TemplatePurpose;
  /** Values by name, e.g. `order`, `tracking_code`. */
  facts: Record<string, string>;
}

export const TEMPLATE_PURPOSES = [
  'order_receipt',
  'order_shipped',
  'order_out_for_delivery',
  'order_delivered',
  'delivery_failed',
  'order_refunded',
] as const;
export type TemplatePurpose = (typeof TEMPLATE_PURPOSES)[number];

/** What a customer did, in no channel's own terms. */
export type InboundContent =
  | { type: 'text'; text: string }
  /** A tap on something we offered. */
  | { type: 'choice'; id: string; title: string }
  /** A native cart. `seenPrice` is what the customer's phone showed: never charged unverified. */
  | {
      type: 'cart';
      catalogId: string;
      note?: string;
      lines: { sku: string; quantity: number; seenPrice?: number }[];
    }
  | { type: 'location'; latitude: number; longitude: number; name?: string; address?: string }
  | {
      type: 'media';
      kind: 'image' | 'video' | 'audio' | 'document' | 'sticker';
      /** The channel's; absent when it is none that may be kept. */
      mediaId?: string;
      caption?: string;
    }
  | { type: 'contacts'; phones: string[] }
  | { type: 'reaction'; messageId: string; emoji: string | null }
  | { type: 'revoked'; messageId: string }
  /** Something else; `original` is what the channel sent, card numbers masked. */
  | { type: 'unsupported'; kind: string; original?: Record<string, unknown> };

export function threadStream(channelAccountId: string, person: PersonRef): string {
  return `thread/${channelAccountId}/${personKey(person)}`;
}

export function recipientStream(channelAccountId: string, contactId: string): string {
  return `recipient/${channelAccountId}/${contactId}`;
}

/** Whose stream it is; undefined when it is not a recipient's. */
export function recipientOf(stream: string): { channelAccountId: string; contactId: string } | undefined {
  const [kind, channelAccountId, contactId] = stream.split('/');
  return kind === 'recipient' && channelAccountId && contactId ? { channelAccountId, contactId } : undefined;
}
