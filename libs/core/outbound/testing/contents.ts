import fc from 'fast-check';
import type { Choice, OutboundContent } from '#core/messaging';

/** Texts that break naive cutting: emoji families, flags, Arabic with marks, lone surrogates, long and empty ones. */
const piece = fc.oneof(
  fc.constantFrom('👩‍👩‍👧‍👦', '🇰🇼', 'é́́', 'مُحَمَّد', '\ud83d', '\n', '\t', '     ', 'क्षि', 'a', '', '👍🏽'),
  fc.string({ unit: 'binary', maxLength: 40 }),
);
export const anyText = fc
  .tuple(fc.array(piece, { maxLength: 60 }), fc.constantFrom(1, 1, 40, 200))
  .map(([pieces, times]) => pieces.join('').repeat(times));
const id = fc.oneof(fc.constantFrom('a', 'b', '', ' '), fc.string({ maxLength: 300 }));
const choice: fc.Arbitrary<Choice> = fc.record(
  { id, title: anyText, description: anyText },
  { requiredKeys: ['id', 'title'] },
);
const frame = { header: anyText, body: anyText, footer: anyText };
const url = fc.oneof(fc.webUrl(), fc.constantFrom('javascript:alert(1)', '', 'https://x.test/ä b'), anyText);

/** Whatever may be said to a customer, in and out of proportion. */
export const anyContent = fc.oneof(
  fc.record({ type: fc.constant('text'), body: anyText }),
  fc.record({
    type: fc.constant('list'),
    ...frame,
    button: anyText,
    sections: fc.array(fc.record({ title: anyText, rows: fc.array(choice, { maxLength: 12 }) }), {
      maxLength: 12,
    }),
  }),
  fc.record({
    type: fc.constant('buttons'),
    ...frame,
    imageUrl: url,
    buttons: fc.array(choice, { maxLength: 5 }),
  }),
  fc.record({ type: fc.constant('link'), ...frame, label: anyText, url }),
  fc.record(
    { type: fc.constant('product'), body: anyText, footer: anyText, catalogId: id, sku: id },
    { requiredKeys: ['type', 'catalogId', 'sku'] },
  ),
) as fc.Arbitrary<OutboundContent>;

/** One of each kind, with `text` in every place for a text. */
export function contentsWith(text: string): OutboundContent[] {
  const framed = { header: text, body: text, footer: text };
  const choices = ['a', 'b'].map((key) => ({ id: key, title: text, description: text }));
  return [
    { type: 'text', body: text },
    { type: 'list', ...framed, button: text, sections: [{ title: text, rows: choices }] },
    { type: 'buttons', ...framed, buttons: choices },
    { type: 'link', ...framed, label: text, url: 'https://shop.example/c/token' },
    { type: 'product', body: text, footer: text, catalogId: 'catalog-7', sku: 'HOODIE-BLK' },
  ];
}
