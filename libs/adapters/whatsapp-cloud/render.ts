import { cleared, unspelledId, type Choice, type Cleared, type OutboundContent } from '#core/messaging';
import { UnrenderableError } from '#core/outbound';
import { WHATSAPP_RULES } from './rules.js';
import { clean, distinct, oneLine, truncate } from './text.js';

/** A message as `POST /<PHONE_NUMBER_ID>/messages` takes it, without recipient and envelope. */
export type GraphMessage =
  | { type: 'text'; text: { body: string; preview_url: boolean } }
  | { type: 'interactive'; interactive: Record<string, unknown> }
  | { type: 'template'; template: Record<string, unknown> };

const { text: TEXT, body: BODY, header: HEADER, footer: FOOTER, url: URL_LENGTH } = WHATSAPP_RULES.limits;
const { list: LIST, buttons: BUTTONS, link: LINK, product: PRODUCT } = WHATSAPP_RULES.limits;
/** Stands where the channel demands a text and there is none. */
const NOTHING = '…';

/**
 * Renders content within every documented limit: long texts are cut, surplus choices left away, and what is left
 * without a choice becomes a text. Normalised and put together, texts are cleared once more.
 * @throws UnrenderableError when the point of the message would be lost: a link without an address, a product
 * without its id.
 */
export function renderContent(content: OutboundContent): Cleared<GraphMessage> {
  return cleared(messageOf(content));
}

function messageOf(content: OutboundContent): GraphMessage {
  switch (content.type) {
    case 'text':
      return text(content.body);
    case 'list':
      return list(content);
    case 'buttons':
      return buttons(content);
    case 'link':
      return link(content);
    case 'product':
      return product(content);
  }
}

function text(body: string): GraphMessage {
  const cut = truncate(clean(body), TEXT) || NOTHING;
  return { type: 'text', text: { body: cut, preview_url: /https?:\/\//i.test(cut) } };
}

function list(content: Extract<OutboundContent, { type: 'list' }>): GraphMessage {
  const seen = new Set<string>();
  let room = LIST.rows;
  const sections = content.sections
    .map((section) => {
      const rows = usable(section.rows, LIST.id, seen).slice(0, room);
      room -= rows.length;
      return { title: label(section.title || content.button, LIST.sectionTitle), rows: rows.map(row) };
    })
    .filter((section) => section.rows.length > 0);
  if (sections.length === 0) return text(content.body);
  return interactive('list', content, {
    button: label(content.button, LIST.button),
    sections,
  });
}

function row(choice: Choice): Record<string, string> {
  const description = truncate(oneLine(choice.description ?? ''), LIST.description);
  return { id: choice.id, title: label(choice.title, LIST.title), ...(description ? { description } : {}) };
}

function buttons(content: Extract<OutboundContent, { type: 'buttons' }>): GraphMessage {
  const choices = usable(content.buttons, BUTTONS.id, new Set()).slice(0, BUTTONS.count);
  if (choices.length === 0) return text(content.body);
  const titles = distinct(
    choices.map((c) => label(c.title, BUTTONS.title)),
    BUTTONS.title,
  );
  const replies = choices.map(({ id }, i) => ({ type: 'reply', reply: { id, title: titles[i] } }));
  const image = content.imageUrl && isUrl(content.imageUrl) ? content.imageUrl : undefined;
  return interactive('button', content, { buttons: replies }, image);
}

function link(content: Extract<OutboundContent, { type: 'link' }>): GraphMessage {
  if (!isUrl(content.url))
    throw new UnrenderableError('the link is not an http(s) address of ≤ 2000 characters');
  const parameters = { display_text: label(content.label, LINK.label), url: content.url };
  return interactive('cta_url', content, { name: 'cta_url', parameters });
}

function product(content: Extract<OutboundContent, { type: 'product' }>): GraphMessage {
  const sku = unspelledId(content.sku);
  for (const id of [content.catalogId, sku]) {
    if (id.trim() === '' || id.length > PRODUCT.id) {
      throw new UnrenderableError('catalog id and sku must have 1 to 100 characters');
    }
  }
  const body = truncate(clean(content.body ?? ''), BODY);
  return interactive(
    'product',
    { body, footer: content.footer },
    { catalog_id: content.catalogId, product_retailer_id: sku },
  );
}

function interactive(
  type: string,
  frame: { header?: string; body: string; footer?: string },
  action: Record<string, unknown>,
  image?: string,
): GraphMessage {
  const header = truncate(oneLine(frame.header ?? ''), HEADER);
  const footer = truncate(oneLine(frame.footer ?? ''), FOOTER);
  const body = truncate(clean(frame.body), BODY) || (type === 'product' ? '' : NOTHING);
  return {
    type: 'interactive',
    interactive: {
      type,
      ...(image
        ? { header: { type: 'image', image: { link: image } } }
        : header
          ? { header: { type: 'text', text: header } }
          : {}),
      ...(body ? { body: { text: body } } : {}),
      ...(footer ? { footer: { text: footer } } : {}),
      action,
    },
  };
}

/** Choices that come back as what they are: an id that is empty, too long or there before cannot. */
function usable(choices: readonly Choice[], maxId: number, seen: Set<string>): Choice[] {
  return choices.filter(({ id }) => {
    if (id.trim() === '' || id.length > maxId || seen.has(id)) return false;
    seen.add(id);
    return true;
  });
}

function label(value: string, max: number): string {
  return truncate(oneLine(value), max) || NOTHING;
}

function isUrl(value: string): boolean {
  return value.length <= URL_LENGTH && /^https?:\/\/\S+$/i.test(value) && URL.canParse(value);
}
