import { cleared, storableText, type Cleared } from '#core/messaging';
import type { ApprovedTemplate } from '#core/outbound';
import type { GraphMessage } from './render.js';
import { WHATSAPP_RULES } from './rules.js';
import { truncate } from './text.js';

const { filledTemplate: FILLED_BODY } = WHATSAPP_RULES.limits;
const VARIABLE = /\{\{\s*[^{}\s]+\s*\}\}/g;
/** An empty parameter is refused (131008). */
const NOTHING = '-';

/**
 * Fills a template. Values lose what Meta refuses in them (line breaks, tabs, more than four spaces in a row) and are
 * cut, the longest first, until the filled body fits.
 */
export function renderTemplate(
  template: ApprovedTemplate,
  facts: Readonly<Record<string, string>>,
): Cleared<GraphMessage> {
  const room = FILLED_BODY - template.body.replace(VARIABLE, '').length;
  const values = template.parameters.map((name) => parameter(facts[name] ?? ''));
  const texts = fit(values, Math.max(Math.floor(room / repeats(template.body)), values.length));
  const parameters = texts.map((value) => ({ type: 'text', text: value }));
  return cleared<GraphMessage>({
    type: 'template',
    template: {
      name: template.name,
      language: { code: template.language },
      ...(parameters.length > 0 ? { components: [{ type: 'body', parameters }] } : {}),
    },
  });
}

/** How often the most used variable stands in the body. */
function repeats(body: string): number {
  const counts = new Map<string, number>();
  for (const [variable] of body.matchAll(VARIABLE)) counts.set(variable, (counts.get(variable) ?? 0) + 1);
  return Math.max(1, ...counts.values());
}

function parameter(value: string): string {
  const flat = storableText(value)
    .replace(/[\s\u0085]+/gu, ' ')
    .trim();
  return flat || NOTHING;
}

/** Cuts values so that together they have at most `room` UTF-16 units: short ones stay whole. */
function fit(values: readonly string[], room: number): string[] {
  let left = room;
  const byLength = values.map((_, i) => i).toSorted((a, b) => values[a]!.length - values[b]!.length);
  const fitted = [...values];
  byLength.forEach((index, done) => {
    const share = Math.floor(left / (values.length - done));
    fitted[index] = truncate(values[index]!, share);
    left -= fitted[index].length;
  });
  return fitted;
}
