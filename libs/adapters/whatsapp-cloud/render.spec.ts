import fc from 'fast-check';
import { spelledId } from '#core/messaging';
import { UnrenderableError } from '#core/outbound';
import { anyContent, anyText } from '#core/outbound/testing';
import { renderTemplate } from './render-template.js';
import { renderContent } from './render.js';

type Json = Record<string, any>;

function within(value: unknown, max: number): void {
  expect(typeof value).toBe('string');
  const given = value as string;
  expect(given.trim()).not.toBe('');
  expect(given.length).toBeLessThanOrEqual(max);
  expect(given).not.toMatch(/\p{Surrogate}/u);
}

function unique(values: unknown[]): void {
  expect(new Set(values).size).toBe(values.length);
}

function checkInteractive(message: Json): void {
  const { type, header, body, footer, action } = message as { [key: string]: Json };
  if (header?.type === 'text') within(header.text, 60);
  if (header?.type === 'image') within(header.image.link, 2_000);
  if (body || (type as unknown) !== 'product') within(body!.text, 1_024);
  if (footer) within(footer.text, 60);
  switch (type as unknown) {
    case 'list': {
      within(action!.button, 20);
      expect(action!.sections.length).toBeGreaterThan(0);
      const rows = action!.sections.flatMap((s: Json) => s.rows as Json[]) as Json[];
      for (const section of action!.sections) {
        within(section.title, 24);
        expect(section.rows.length).toBeGreaterThan(0);
      }
      expect(rows.length).toBeLessThanOrEqual(10);
      for (const row of rows) {
        expect(row.id.length).toBeLessThanOrEqual(200);
        within(row.title, 24);
        if (row.description !== undefined) within(row.description, 72);
      }
      return unique(rows.map((r) => r.id));
    }
    case 'button': {
      const replies = action!.buttons.map((b: Json) => b.reply as Json) as Json[];
      expect(replies.length).toBeGreaterThan(0);
      expect(replies.length).toBeLessThanOrEqual(3);
      for (const reply of replies) {
        expect(reply.id.length).toBeLessThanOrEqual(256);
        within(reply.title, 20);
      }
      unique(replies.map((r) => r.id));
      return unique(replies.map((r) => r.title));
    }
    case 'cta_url':
      within(action!.parameters.display_text, 20);
      expect(action!.parameters.url).toMatch(/^https?:\/\/\S{1,1990}$/i);
      return;
    case 'product':
      return within(action!.product_retailer_id, 100);
    default:
      throw new Error(`no rule for ${String(type)}`);
  }
}

function check(message: Json): void {
  if (message.type === 'text') within(message.text.body, 4_096);
  else checkInteractive(message.interactive);
}

describe('rendering', () => {
  it('exceeds no limit, whatever the content', () => {
    let rendered = 0;
    fc.assert(
      fc.property(anyContent, (given) => {
        try {
          check(renderContent(given));
          rendered++;
        } catch (error) {
          if (!(error instanceof UnrenderableError)) throw error;
          expect(['link', 'product']).toContain(given.type);
        }
      }),
      { numRuns: 1_500 },
    );
    expect(rendered).toBeGreaterThan(500);
  });

  it('names goods as the catalog does, also those that are kept spelled', () => {
    const sku = spelledId('4318362953880674');
    const { interactive } = renderContent({ type: 'product', body: 'Here', catalogId: '7', sku }) as Json;
    expect(interactive.action).toEqual({ catalog_id: '7', product_retailer_id: '4318362953880674' });
  });

  it('cuts between graphemes and says so', () => {
    const family = '👩‍👩‍👧‍👦';
    const message = renderContent({
      type: 'buttons',
      body: 'Which?',
      buttons: [{ id: 'a', title: `Family ${family}${family}` }],
    }) as Json;
    expect(message.interactive.action.buttons[0].reply.title).toBe(`Family ${family}…`);
  });

  it('keeps two buttons with the same title apart', () => {
    const buttons = ['a', 'b'].map((id) => ({ id, title: 'The very same long title' }));
    const message = renderContent({ type: 'buttons', body: 'Which?', buttons }) as Json;
    expect(message.interactive.action.buttons.map((b: Json) => b.reply.title)).toEqual([
      'The very same long…',
      'The very same lon… 2',
    ]);
  });

  it('shows ten rows over all sections and leaves the others away', () => {
    const rows = (from: number) =>
      Array.from({ length: 8 }, (_, i) => ({ id: `r${from + i}`, title: `Row ${from + i}` }));
    const sections = [
      { title: 'One', rows: rows(0) },
      { title: 'Two', rows: rows(8) },
      { title: 'Three', rows: rows(16) },
    ];
    const message = renderContent({ type: 'list', body: 'b', button: 'Open', sections }) as Json;
    expect(message.interactive.action.sections.map((s: Json) => s.rows.length)).toEqual([8, 2]);
  });

  it('refuses a link that is none rather than sending a dead button', () => {
    const link = { type: 'link', body: 'Pay', label: 'Pay', url: 'javascript:alert(1)' } as const;
    expect(() => renderContent(link)).toThrow(UnrenderableError);
  });
});

describe('templates', () => {
  it('fill with values that Meta takes, within 1024 characters', () => {
    fc.assert(
      fc.property(
        fc.array(anyText, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 0, max: 900 }),
        (values, pad) => {
          const parameters = values.map((_, i) => `p${i}`);
          const body = `${'x'.repeat(pad)} ${parameters.map((_, i) => `{{${i + 1}}} and`).join(' ')} {{1}}.`;
          const facts = Object.fromEntries(values.map((value, i) => [`p${i}`, value]));
          const message = renderTemplate({ name: 't', language: 'en', body, parameters }, facts) as Json;
          const given = message.template.components[0].parameters.map(
            (p: Json) => p.text as string,
          ) as string[];
          for (const value of given) {
            within(value, 1_024);
            expect(value).not.toMatch(/[\n\r\t]| {5,}/);
          }
          const filled = body.replace(/\{\{(\d)\}\}/g, (_, n: string) => given[Number(n) - 1]!);
          expect(filled.length).toBeLessThanOrEqual(1_024);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('keep short values whole when a long one must give way', () => {
    const template = {
      name: 't',
      language: 'en',
      body: 'Order {{1}}: {{2}} now',
      parameters: ['order', 'note'],
    };
    const message = renderTemplate(template, { order: 'W7K3M9QX', note: 'n'.repeat(2_000) }) as Json;
    const [order, note] = message.template.components[0].parameters as Json[];
    expect(order!.text).toBe('W7K3M9QX');
    expect(note!.text).toMatch(/^n{900,}…$/);
  });
});
