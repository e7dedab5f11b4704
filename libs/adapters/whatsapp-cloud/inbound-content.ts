import { excerpt, type InboundContent } from '#core/messaging';
import {
  idOf,
  compact,
  finite,
  identifier,
  list,
  object,
  offeredId,
  rounded,
  text,
  Typed,
  type Json,
} from './inbound-shape.js';

const MEDIA = ['image', 'video', 'audio', 'document', 'sticker'] as const;
/** Longer than any id that we have offered (rows and buttons: 200 and 256 characters). */
const LONGEST_CHOICE = 1_024;
/** A cart with more is not read in part: what is left out would not be bought. */
const MOST_LINES = 100;
const LONGEST_SKU = 256;
const MOST_PHONES = 50;
const MOST_PIECES = 10_000;
/** Of a currency with three decimals. */
const HIGHEST_PRICE = 1e8;
/** Six decimals of a degree are a hand's breadth. */
const DECIMALS_OF_PLACE = 6;
type Cart = Extract<InboundContent, { type: 'cart' }>;

/**
 * What the customer did. A type that is not known, or whose body is not as documented, becomes `unsupported` with
 * its original: Meta adds types without notice, and none may be lost.
 */
export function contentOf(message: Json, typed: Typed): InboundContent {
  const type = text(message.type) ?? 'unknown';
  return known(type, message[type], typed) ?? unsupported(type, message, typed);
}

function known(type: string, raw: unknown, typed: Typed): InboundContent | undefined {
  const body = object(raw);
  switch (type) {
    case 'text': {
      const said = text(body.body);
      return said === undefined ? undefined : { type: 'text', text: typed.text(said) };
    }
    case 'button': {
      // A quick reply of a template.
      const title = text(body.text) ?? text(body.payload);
      const id = offeredId(body.payload ?? title, LONGEST_CHOICE);
      return id === undefined ? undefined : { type: 'choice', id, title: typed.text(title ?? id) };
    }
    case 'interactive':
      return reply(body, typed);
    case 'order':
      return cart(body, typed);
    case 'location': {
      const latitude = rounded(body.latitude, 90, DECIMALS_OF_PLACE);
      const longitude = rounded(body.longitude, 180, DECIMALS_OF_PLACE);
      if (latitude === undefined || longitude === undefined) return undefined;
      const place = { name: typed.optional(body.name), address: typed.optional(body.address) };
      return compact<InboundContent>({ type: 'location', latitude, longitude, ...place });
    }
    case 'contacts':
      return { type: 'contacts', phones: phonesOf(raw, typed) };
    case 'reaction': {
      const messageId = identifier(body.message_id);
      // A reaction that was taken back comes without an emoji.
      const emoji = text(body.emoji);
      if (messageId === undefined) return undefined;
      return { type: 'reaction', messageId, emoji: emoji === undefined ? null : typed.text(emoji) };
    }
    case 'revoke': {
      const messageId = identifier(body.original_message_id);
      return messageId === undefined ? undefined : { type: 'revoked', messageId };
    }
    default: {
      const kind = MEDIA.find((m) => m === type);
      // Some of Meta's are card numbers by chance.
      if (!kind || idOf(body.id, 256) === undefined) return undefined;
      const mediaId = identifier(body.id);
      const caption = typed.optional(body.caption);
      return compact<InboundContent>({ type: 'media', kind, mediaId, caption });
    }
  }
}

/** A tap on a list row or a reply button that we had offered. */
function reply(body: Json, typed: Typed): InboundContent | undefined {
  const kind = text(body.type);
  if (kind !== 'list_reply' && kind !== 'button_reply') return undefined;
  const choice = object(body[kind]);
  const id = offeredId(choice.id, LONGEST_CHOICE);
  return id === undefined ? undefined : { type: 'choice', id, title: typed.text(text(choice.title) ?? '') };
}

function cart(body: Json, typed: Typed): Cart | undefined {
  const lines = list(body.product_items).flatMap((item): Cart['lines'] => {
    const { product_retailer_id, quantity, item_price } = object(item);
    const sku = offeredId(product_retailer_id, LONGEST_SKU);
    const count = finite(quantity);
    if (!sku || count === undefined || !Number.isSafeInteger(count) || count < 1) return [];
    const seenPrice = rounded(item_price, HIGHEST_PRICE, 3);
    return [compact({ sku, quantity: Math.min(count, MOST_PIECES), seenPrice })];
  });
  if (lines.length === 0 || lines.length > MOST_LINES) return undefined;
  const catalogId = identifier(body.catalog_id) ?? '';
  return compact<Cart>({ type: 'cart', catalogId, note: typed.optional(body.text), lines });
}

function unsupported(type: string, message: Json, typed: Typed): InboundContent {
  // `unsupported.type` says what it was, e.g. a poll; an interactive reply of another kind, e.g. a flow's, names it too.
  const inner = text(object(message[type]).type);
  const kind = typed.text(inner === undefined ? type : `${type}.${inner}`).slice(0, 100);
  const original = excerpt(compact({ [type]: message[type], errors: message.errors }));
  return { type: 'unsupported', kind, original: typed.everything(original) as Json };
}

/** The only type whose body is a list. Nothing but the numbers is of use to a shop. */
function phonesOf(contacts: unknown, typed: Typed): string[] {
  return list(contacts)
    .flatMap((contact) => list(object(contact).phones))
    .slice(0, MOST_PHONES)
    .map((phone) => text(object(phone).phone) ?? text(object(phone).wa_id))
    .flatMap((phone) => (phone === undefined ? [] : [typed.text(phone)]));
}
