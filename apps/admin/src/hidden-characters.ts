/** Scripts that need joiners between or behind their letters (Unicode, chapters 9, 12, 13 and 16). */
const JOINING = [
  'Arabic',
  'Syriac',
  'Devanagari',
  'Bengali',
  'Gurmukhi',
  'Gujarati',
  'Oriya',
  'Tamil',
  'Telugu',
  'Kannada',
  'Malayalam',
  'Sinhala',
  'Khmer',
  'Myanmar',
].map((script) => String.raw`\p{Script_Extensions=${script}}`);

/** The flags of England, Scotland and Wales: a black flag and their codes in tag characters. */
const SUBDIVISION_FLAGS = ['gbeng', 'gbsct', 'gbwls'].map((code) => {
  const tags = [...code].map((letter) => String.raw`\u{E00${letter.charCodeAt(0).toString(16)}}`);
  return String.raw`\u{1F3F4}${tags.join('')}\u{E007F}`;
});

/** Where a character that shows nothing is part of what is seen: emoji, joined letters, variants of ideographs. */
const WRITTEN = [
  ...SUBDIVISION_FLAGS,
  String.raw`[0-9#*]\uFE0F\u20E3`,
  String.raw`\p{Extended_Pictographic}(?:[\uFE0E\uFE0F]|\p{Emoji_Modifier})?(?:\u200D\p{Extended_Pictographic}(?:\uFE0F|\p{Emoji_Modifier})?)*`,
  String.raw`(?=[\p{L}\p{M}])(?!\p{Default_Ignorable_Code_Point})[${JOINING.join('')}][\u200C\u200D]`,
  String.raw`\p{Script=Han}[\uFE00-\uFE0F\u{E0100}-\u{E01EF}]`,
].join('|');

/**
 * Control characters (ESC and the eight-bit CSI among them), characters that turn the direction of what stands around
 * them, line and paragraph separators, halves of characters, and all that a reader does not see.
 */
const HIDDEN = String.raw`[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]`;

const EITHER = new RegExp(`(${WRITTEN})|${HIDDEN}`, 'gu');

/**
 * `text` with another text in the place of each character that is hidden. Emoji with their joiners and variation
 * selectors stay, and so do joiners in the scripts that need them.
 */
export function replaceHidden(text: string, instead: (character: string) => string): string {
  return text.replace(EITHER, (found: string, written?: string) => written ?? instead(found));
}

/** The hidden characters of a text, as {@link replaceHidden} finds them. */
export function hiddenIn(text: string): string[] {
  const found: string[] = [];
  replaceHidden(text, (character) => {
    found.push(character);
    return '';
  });
  return found;
}
