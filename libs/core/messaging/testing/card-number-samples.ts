import type { Random } from './seeded.js';

type Range = string | readonly [from: number, to: number];

/** Issuer identification numbers by scheme, with the lengths that the scheme issues (ISO/IEC 7812; the schemes' own tables). */
export const SCHEMES: readonly (readonly [name: string, ranges: readonly Range[], lengths: readonly number[]])[] = [
  ['Visa', ['4'], [16, 19]],
  ['Mastercard', [[51, 55], [2221, 2720]], [16]],
  ['American Express', ['34', '37'], [15]],
  ['Diners Club', [[300, 305], '3095', '36', '38', '39'], [16, 19]],
  ['Discover', ['6011', [644, 649], '65', [622126, 622925]], [16, 19]],
  ['JCB', [[3528, 3589]], [16, 17, 18, 19]],
  ['UnionPay', ['62', '81'], [16]],
  ['UnionPay, long', ['62'], [17, 18, 19]],
  ['Maestro', ['5018', '5020', '5038', '5893', '6304', '6759', [6761, 6763]], [16, 17, 18, 19]],
  ['RuPay', ['60', '65', '81', '82', '508', '353', '356'], [16]],
  ['mada', ['588845', '605141', '636120', '446404', '968208'], [16]],
  ['Meeza', ['5078'], [16]],
  ['Mir', [[2200, 2204]], [16, 17, 18, 19]],
  ['Troy', ['65', '9792'], [16]],
  ['Elo', ['401178', '438935', '506699', '509000', '627780', '636297', '650031'], [16]],
  ['Hipercard', ['606282'], [16]],
  ['Verve', [[506099, 506198], [650002, 650027]], [16, 18, 19]],
  ['Dankort', ['5019', '4571'], [16]],
  ['Borica', ['2205'], [16]],
  ['Uzcard', ['8600', '5614'], [16]],
  ['Humo', ['9860'], [16]],
  ['Napas', ['9704'], [16, 19]],
  ['GPN', ['9360', '50', '56', '58', '60', '63'], [16]],
  ['LankaPay', ['357111'], [16]],
  ['InstaPayment', [[637, 639]], [16]],
  ['InterPayment', ['636'], [16, 17, 18, 19]],
  ['Laser', ['6304', '6706', '6709', '6771'], [16, 17, 18, 19]],
  ['Bancontact', ['6703'], [16, 17]],
  ['UkrCard', ['6040'], [16, 17, 18, 19]],
  ['Switch, Solo', ['564182', '633110', '6334', '6767'], [16, 18, 19]],
  ['Carnet', ['286900', '506199', '502275'], [16]],
  ['Belkart, ArCa, Elcart, Dina', ['9112', '9051', '9417', '9891'], [16]],
]; // prettier-ignore

/** Numbers that count only where nothing is glued to them. */
export const SHORT_SCHEMES: typeof SCHEMES = [
  ['Visa, old', ['4'], [13]],
  ['Diners Club', [[300, 305], '3095', '36', '38', '39'], [14]],
  ['Maestro, short', ['5018', '5020', '5038', '5893', '6304', '6759', [6761, 6763]], [12, 13, 14, 15]],
  ['UnionPay, short', ['62'], [14, 15]],
  ['BC Card', ['9410', '9490'], [16]],
  ['GPN, old', ['1946'], [16, 18, 19]],
];

export function checkDigit(body: string): string {
  const sum = [...body].toReversed().reduce((total, d, i) => {
    const doubled = Number(d) * (i % 2 === 0 ? 2 : 1);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return String((10 - (sum % 10)) % 10);
}

export function cardOf(
  [, ranges, lengths]: (typeof SCHEMES)[number],
  { pick, whole, digits }: Random,
): string {
  const range = pick(ranges);
  const prefix = typeof range === 'string' ? range : String(whole(...range));
  const body = prefix + digits(pick(lengths) - prefix.length - 1);
  return body + checkDigit(body);
}

/** The signs for 0 to 9, in the ways there are. The zeros of scripts are found, so that those of newer Unicode are, too. */
export const FORMS: readonly (readonly string[])[] = [
  ...scripts(),
  ...[
    '⁰¹²³⁴⁵⁶⁷⁸⁹', '₀₁₂₃₄₅₆₇₈₉', '⓪①②③④⑤⑥⑦⑧⑨', '⓿❶❷❸❹❺❻❼❽❾', '⓪⓵⓶⓷⓸⓹⓺⓻⓼⓽', '🄋➀➁➂➃➄➅➆➇➈',
    '🄌➊➋➌➍➎➏➐➑➒', '0⑴⑵⑶⑷⑸⑹⑺⑻⑼', '🄀⒈⒉⒊⒋⒌⒍⒎⒏⒐', '🄁🄂🄃🄄🄅🄆🄇🄈🄉🄊', '〇一二三四五六七八九',
    '零一二三四五六七八九', '零壹贰叁肆伍陆柒捌玖', '零壹貳參肆伍陸柒捌玖', '〇〡〢〣〤〥〦〧〨〩', '〇㊀㊁㊂㊃㊄㊅㊆㊇㊈',
    '〇㈠㈡㈢㈣㈤㈥㈦㈧㈨', '0ⅠⅡⅢⅣⅤⅥⅦⅧⅨ', '0ⅰⅱⅲⅳⅴⅵⅶⅷⅸ', '0፩፪፫፬፭፮፯፰፱', '0𑁒𑁓𑁔𑁕𑁖𑁗𑁘𑁙𑁚', '𝋀𝋁𝋂𝋃𝋄𝋅𝋆𝋇𝋈𝋉',
  ].map((signs) => [...signs]), // prettier-ignore
  ...['\ufe0f\u20e3', '\u20e3', '\u0332', '\u0301\u0323'].map((marks) =>
    [...'0123456789'].map((digit) => digit + marks),
  ),
];

function scripts(): string[][] {
  const digits: string[] = [];
  for (let code = 0; code <= 0x10ffff; code++) {
    const character = String.fromCodePoint(code);
    if (/\p{Nd}/u.test(character)) digits.push(character);
  }
  return Array.from({ length: digits.length / 10 }, (_, i) => digits.slice(i * 10, i * 10 + 10));
}

const VALUES = new Map(FORMS.flatMap((form) => form.map((sign, value) => [[...sign][0]!, value] as const)));

/** What a reader sees of digits in a text. */
export function digitsOf(text: string): string {
  return Array.from(text, (character) => VALUES.get(character) ?? '').join('');
}

export const SEPARATORS = [
  ' ', '  ', '    ', '\u00a0', '\u2009', '\u202f', '\u3000', '\t', '\n', '\n\n\n\n', '\r\n', '\r\n\r\n\r\n\r\n', '\u2028',
  '-', ' - ', '--', '\u2011', '–', '—', '－', 'ー', '.', '...', '…', '．', '。', '·', '•', '・', ',', ', ', '，', '、', '،',
  '٬', '٫', ';', '; ', ':', ': ', '::', '/', ' / ', '//', '\\', '|', ' | ', '_', '__', '*', '**', '~', '+', ' + ', '=', '#',
  '&', '(', ') (', '[', ']', '{', '}', '<', '>', '"', "'", '`', '^', '%', '$', '€', '@', '!', '?', '→', '»', '「', '×', ' × ',
  'ـ', 'ــ', '😀', '👍🏽', '👨‍👩‍👧‍👦', '👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦', '🇦🇪', '🇦🇪🇮🇳🇸🇦🇪🇬', '❤️', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '<br>', '<br/>', '<br />', '</b> <b>', '&nbsp;',
  '&#160;', '&#xa0;', '\\n', '\\u00a0',
]; // prettier-ignore

/** They are not seen, so that what they separate looks like one group. */
export const UNSEEN = [
  '\u200b', '\u200d', '\u200e', '\u2060', '\u2066', '\u061c', '\u00ad', '\u034f', '\u180e', '\ufeff', '\ufe0e', '\ufe0f',
  '\u0301', '\u115f', '\u1160', '\u3164', '\uffa0', '\u2800', '\u0000', '\u{e0020}', '\u200b'.repeat(24),
]; // prettier-ignore

export const SENTENCES = [
  '{}',
  'my card is {} thanks',
  'charge {}, exp 12/28 cvv 123',
  'card:{}',
  '({})',
  '"{}"',
  'بطاقتي {} شكراً',
  'رقم البطاقة: {}،',
  'मेरा कार्ड {} है।',
  '👉{}👈',
  'pay 250 AED\nwith\n{}\nplease',
  'a {} b',
  'https://shop.example/?pan={}&x=1',
  'nº{}.',
  'カード{}です',
  '我的卡号是{}谢谢',
  '{"n":"{}"}',
  '<p>{}</p>',
];

const WAYS = ['fours', '4-6-rest', 'singles', 'whole'] as const;
export type Way = (typeof WAYS)[number];

/** Digits, in whatever form, with what separates their groups: all four ways are those of cards. */
export function grouped(signs: readonly string[], way: Way, separator: string): string {
  const begins = (at: number) =>
    way === 'singles' || (way === 'fours' && at % 4 === 0) || (way === '4-6-rest' && (at === 4 || at === 10));
  return signs.map((sign, at) => (at > 0 && begins(at) ? separator + sign : sign)).join('');
}

export function signsOf(number: string, form: readonly string[]): string[] {
  return Array.from(number, (digit) => form[Number(digit)]!);
}
