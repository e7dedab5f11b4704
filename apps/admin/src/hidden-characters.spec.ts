import { hiddenIn, replaceHidden } from './hidden-characters.js';

/** Every code point of these properties, by the Unicode that Node has. */
function all(property: RegExp): string[] {
  const found: string[] = [];
  for (let code = 0; code <= 0x10ffff; code++) {
    const character = String.fromCodePoint(code);
    if (property.test(character)) found.push(character);
  }
  return found;
}

const RANGES: Record<string, [first: number, last: number]> = {
  'C0 controls': [0x00, 0x1f],
  'DEL and C1 controls': [0x7f, 0x9f],
  'marks of direction': [0x200e, 0x200f],
  'the Arabic letter mark': [0x61c, 0x61c],
  'embeddings and overrides': [0x202a, 0x202e],
  isolates: [0x2066, 0x2069],
  separators: [0x2028, 0x2029],
  'zero width and the word joiner': [0x2060, 0x2064],
  'the soft hyphen': [0xad, 0xad],
  'the byte order mark': [0xfeff, 0xfeff],
  'fillers of Hangul': [0x115f, 0x1160],
  tags: [0xe0001, 0xe007f],
  'variation selectors': [0xfe00, 0xfe0f],
  'more variation selectors': [0xe0100, 0xe01ef],
  'halves of characters': [0xd800, 0xdfff],
};

describe('hidden characters', () => {
  it.each(Object.entries(RANGES))('are %s', (_name, [first, last]) => {
    for (let code = first; code <= last; code++) {
      const character = String.fromCodePoint(code);
      for (const text of [`a${character}b`, `${character}ab`, `ab${character}`, `مر${character}x`]) {
        // A joiner may stand behind an Arabic letter.
        if (/[\u200c\u200d]/.test(character)) continue;
        expect([code.toString(16), hiddenIn(text)]).toEqual([code.toString(16), [character]]);
      }
    }
  });

  it('are all that Unicode calls controls, formats and ignorable', () => {
    const hidden = all(/[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u);
    expect(hidden.length).toBeGreaterThan(4_000);
    for (const character of hidden) expect(hiddenIn(`a${character}b`)).toEqual([character]);
    expect(hiddenIn(hidden.join('a'))).toEqual(hidden);
  });

  it.each([
    ['Aisha', 'a name'],
    ['Müller & Søn — “Café”, №5', 'punctuation'],
    ['عائشة بنت محمد', 'Arabic'],
    ['علی\u200cرضا', 'Persian with a non-joiner'],
    ['هـ\u200d ه\u200d', 'an Arabic letter in its joining form'],
    ['مُحَمَّد\u200cها', 'Arabic with vowels'],
    ['क्\u200dष श्री\u200cमान', 'Hindi with joiners'],
    ['ශ්\u200dරී ලංකා', 'Sinhala'],
    ['🏪 Shop 😀👍🏽', 'emoji'],
    ['👩\u200d👩\u200d👧\u200d👦 🏳\ufe0f\u200d🌈 ❤\ufe0f\u200d🔥 👨🏿\u200d🚒 ☎\ufe0e', 'emoji of several'],
    ['1\ufe0f⃣ #\ufe0f⃣ 🇦🇪', 'keycaps and flags'],
    [
      '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f} 🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f} 🏴\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}',
      'flags of parts of a country',
    ],
    ['葛\u{e0100}城', 'a variant of an ideograph'],
    ['日本語・한국어・ไทย', 'other scripts'],
  ])('are not in %s (%s)', (text) => {
    expect(hiddenIn(text)).toEqual([]);
    expect(replaceHidden(text, () => '!')).toBe(text);
  });

  it.each([
    ['a\u200db', '\u200d', 'a joiner between Latin letters'],
    ['😀\u200da', '\u200d', 'a joiner behind an emoji that nothing follows'],
    ['علی\u200c\u200cرضا', '\u200c', 'a second joiner'],
    ['a\ufe0f', '\ufe0f', 'a variation selector that varies nothing'],
    ['😀\ufe0f\ufe0f', '\ufe0f', 'a second variation selector'],
    ['🏴\u{e0061}', '\u{e0061}', 'a tag that no flag has'],
    ['1\ufe0f2', '\ufe0f', 'a digit that is no keycap'],
  ])('are in %j: %j, %s', (text, hidden) => {
    expect(hiddenIn(text)).toEqual([hidden]);
  });
});
