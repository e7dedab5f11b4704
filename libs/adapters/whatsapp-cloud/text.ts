import { storableText } from '#core/messaging';

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const ELLIPSIS = '…';

/**
 * Cuts a text to at most `max` UTF-16 units (never fewer than the characters that Meta counts), between graphemes,
 * with an ellipsis where something was cut off.
 */
export function truncate(text: string, max: number): string {
  if (text.length <= max) return text;
  let kept = '';
  for (const { segment } of graphemes.segment(text)) {
    if (kept.length + segment.length > max - ELLIPSIS.length) break;
    kept += segment;
  }
  return kept.trimEnd() + ELLIPSIS;
}

/** Trims, without what is not text: U+0000, and halves of surrogate pairs, for which JSON is refused. */
export function clean(text: string): string {
  return storableText(text).trim();
}

/** One line: titles, labels, headers and footers take no line breaks. */
export function oneLine(text: string): string {
  return clean(text.replace(/\s+/gu, ' '));
}

/** The texts, made distinct by a number where two are the same, each still at most `max` long. */
export function distinct(texts: readonly string[], max: number): string[] {
  const taken = new Set<string>();
  return texts.map((text) => {
    let candidate = text;
    for (let n = 2; taken.has(candidate); n++) {
      const suffix = ` ${n}`;
      candidate = truncate(text, max - suffix.length) + suffix;
    }
    taken.add(candidate);
    return candidate;
  });
}
