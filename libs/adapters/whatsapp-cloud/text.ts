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

/** Half of a surrogate pair is no character: JSON that holds one is refused. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}

/** Trims, and repairs halves of surrogate pairs, which are not text. */
export function clean(text: string): string {
  return wellFormed(text).trim();
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
