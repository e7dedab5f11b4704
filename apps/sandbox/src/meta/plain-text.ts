import type { Json, RenderedTemplate } from './model.js';

/** A message as plain text, the way a screen reader would say it: texts first, then what can be tapped. */
export function plainText(message: Json, rendered?: RenderedTemplate): string {
  const type = String(message.type ?? 'text');
  const content = (message[type] ?? {}) as Json;
  switch (type) {
    case 'text':
      return String(content.body ?? '');
    case 'template':
      return lines(
        rendered?.header,
        rendered?.body,
        rendered?.footer,
        ...(rendered?.buttons ?? []).map(bracketed),
      );
    case 'interactive':
      return interactiveText(content);
    case 'reaction':
      return content.emoji ? `reacted ${String(content.emoji)}` : 'removed the reaction';
    case 'image':
    case 'video':
      return lines(`[${type}]`, content.caption);
    case 'document':
      return lines('[document]', content.filename, content.caption);
    case 'location':
      return lines('[location]', content.name, `${String(content.latitude)}, ${String(content.longitude)}`);
    case 'button':
      return String(content.text ?? '');
    case 'order':
      return orderText(content);
    default:
      return `[${type}]`;
  }
}

function interactiveText(content: Json): string {
  const action = (content.action ?? {}) as Json;
  const text = (part: unknown) => (part as Json | undefined)?.text;
  const frame = [text(content.header), text(content.body), text(content.footer)];
  switch (content.type) {
    case 'list_reply':
    case 'button_reply':
      return String((content[content.type] as Json).title ?? '');
    case 'list':
      return lines(
        ...frame,
        bracketed({ text: action.button }),
        ...(action.sections as Json[]).flatMap(sectionText),
      );
    case 'button':
      return lines(
        ...frame,
        ...(action.buttons as Json[]).map((b) => bracketed({ text: (b.reply as Json).title })),
      );
    case 'cta_url': {
      const parameters = action.parameters as Json;
      return lines(...frame, bracketed({ text: parameters.display_text, url: parameters.url }));
    }
    case 'product':
      return lines(...frame, `[product ${String(action.product_retailer_id)}]`);
    case 'product_list':
      return lines(
        ...frame,
        ...(action.sections as Json[]).flatMap((section) => [
          section.title,
          ...(section.product_items as Json[]).map((p) => `[product ${String(p.product_retailer_id)}]`),
        ]),
      );
    case 'catalog_message':
      return lines(...frame, '[catalog]');
    default:
      return lines(...frame);
  }
}

function sectionText(section: Json): unknown[] {
  const rows = (section.rows as Json[]).map((row) =>
    row.description ? `• ${String(row.title)}: ${String(row.description)}` : `• ${String(row.title)}`,
  );
  return [section.title, ...rows];
}

function orderText(order: Json): string {
  const items = (order.product_items as Json[]).map(
    (item) => `${String(item.quantity)} × ${String(item.product_retailer_id)}`,
  );
  return lines(`[cart] ${items.join(', ')}`, order.text);
}

function bracketed(button: { text?: unknown; url?: unknown }): string {
  return button.url ? `[${String(button.text)}] ${String(button.url)}` : `[${String(button.text)}]`;
}

function lines(...parts: unknown[]): string {
  return parts
    .filter((part) => part !== undefined && part !== '')
    .map(String)
    .join('\n');
}
