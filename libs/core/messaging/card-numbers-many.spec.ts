import { maskCardNumbers } from './card-numbers.js';

const MANY = 10_000;

/** Issuer identification numbers by scheme, with the lengths that the scheme issues (ISO/IEC 7812; the schemes' own tables). */
const SCHEMES: readonly [string, readonly (string | [number, number])[], readonly number[]][] = [
  ['Visa', ['4'], [13, 16, 19]],
  [
    'Mastercard',
    [
      [51, 55],
      [2221, 2720],
    ],
    [16],
  ],
  ['American Express', ['34', '37'], [15]],
  ['Diners Club', [[300, 305], '3095', '36', '38', '39'], [14, 16, 19]],
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
  [
    'Verve',
    [
      [506099, 506198],
      [650002, 650027],
    ],
    [16, 18, 19],
  ],
  ['Dankort', ['5019', '4571'], [16]],
  ['Borica', ['2205'], [16]],
  ['Uzcard', ['8600'], [16]],
  ['Humo', ['9860'], [16]],
  ['Napas', ['9704'], [16, 19]],
];

/** Mulberry32: the same numbers on every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
const random = seeded(20_261_121);
const whole = (from: number, to: number): number => from + Math.floor(random() * (to - from + 1));
const pick = <T>(from: readonly T[]): T => from[whole(0, from.length - 1)]!;
const digits = (count: number): string => Array.from({ length: count }, () => whole(0, 9)).join('');

function checkDigit(body: string): string {
  const sum = [...body].toReversed().reduce((total, d, i) => {
    const doubled = Number(d) * (i % 2 === 0 ? 2 : 1);
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return String((10 - (sum % 10)) % 10);
}

function card(): string {
  const [, prefixes, lengths] = pick(SCHEMES);
  const range = pick(prefixes);
  const prefix = typeof range === 'string' ? range : String(whole(...range));
  const length = pick(lengths);
  const body = prefix + digits(length - prefix.length - 1);
  return body + checkDigit(body);
}

const SCRIPTS = ['0', '٠', '۰', '०', '০', '੦', '૦', '௦', '౦', '೦', '൦', '๐', '໐', '០', '၀', '０', '𝟎', '𝟬'];
const inScript = (number: string, zero: string): string =>
  [...number].map((d) => String.fromCodePoint(zero.codePointAt(0)! + Number(d))).join('');
const SEPARATORS = [
  ' ',
  '-',
  '.',
  '/',
  '_',
  '|',
  '*',
  '·',
  ' - ',
  '  ',
  '\u00a0',
  '\u200b',
  '\u202f',
  '\u2009',
  '\u2011',
  '–',
  '—',
  '\n',
  '\u200e',
  '\u2066',
  '\ufeff',
];
const SENTENCES = [
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
  '{}x2',
  'nº{}.',
  'カード{}です',
];

function grouped(number: string): string {
  const separator = pick(['', '', ...SEPARATORS]);
  switch (whole(0, 3)) {
    case 0:
      return number.replace(/(.{4})(?=.)/g, `$1${separator}`);
    case 1:
      return number.replace(/^(.{4})(.{6})/, `$1${separator}$2${separator}`);
    case 2:
      return [...number].join(separator);
    default:
      return number.replace(/.(?=.)/g, (d) => d + (random() < 0.3 ? pick(SEPARATORS) : ''));
  }
}

const bare = (text: string): string => [...text].map((c) => (/\p{Nd}/u.test(c) ? valueOf(c) : '')).join('');
function valueOf(digit: string): string {
  // Within a script the ten digits follow each other, the zero stands at a multiple of ten from the next one's.
  const zero = SCRIPTS.map((z) => z.codePointAt(0)!).find(
    (z) => digit.codePointAt(0)! - z >= 0 && digit.codePointAt(0)! - z < 10,
  );
  return String(digit.codePointAt(0)! - (zero ?? Number.NaN));
}

it(`masks ${MANY} card numbers of all schemes, in all scripts, groupings and sentences`, () => {
  const missed: string[] = [];
  for (let n = 0; n < MANY; n++) {
    const number = card();
    const mixed = random() < 0.1;
    const zero = random() < 0.4 ? '0' : pick(SCRIPTS);
    const written = grouped(number).replace(/\d/g, (d) => inScript(d, mixed ? pick(SCRIPTS) : zero));
    const sentence = pick(SENTENCES);
    const { text, found } = maskCardNumbers(sentence.replace('{}', () => written));
    const rest = bare(sentence);
    const left = bare(text);
    // Only the last four are left of the number, among what the sentence says besides.
    const held = found && left.length === rest.length + 4 && text.includes(`•••• ${number.slice(-4)}`);
    if (!held) missed.push(`${number} as ${JSON.stringify(sentence.replace('{}', () => written))}: ${text}`);
  }
  expect(missed).toEqual([]);
});

/** What looks like a card number and is none. Each line is a kind, and all kinds come equally often. */
const LOOKALIKES: Record<string, () => string> = {
  'UAE mobile': () =>
    pick([`+971 5${whole(0, 8)} ${digits(3)} ${digits(4)}`, `009715${digits(8)}`, `05${digits(8)}`]),
  'Indian mobile': () =>
    pick([`+91 ${whole(6, 9)}${digits(4)} ${digits(5)}`, `91${whole(6, 9)}${digits(9)}`]),
  'German mobile': () => pick([`+49 15${digits(1)} ${digits(8)}`, `004915${digits(9)}`]),
  'number of any country': () => `+${whole(1, 9)}${digits(whole(9, 13))}`,
  'two phone numbers': () => `05${digits(8)} / 05${digits(8)}`,
  'order number': () => pick([`#${digits(whole(4, 10))}`, `ORD-${digits(12)}`, `W${digits(7)}`]),
  'order number of a marketplace': () =>
    `${pick(['171', '404', '405', '406', '112', '028'])}-${digits(7)}-${digits(7)}`,
  'order number of AliExpress': () => `${pick(['11', '30', '50', '81'])}${digits(14)}`,
  'dated order number': () => `20${whole(24, 27)}${pick(['01', '07', '12'])}${whole(10, 28)}${digits(6)}`,
  'parcel of Aramex, Blue Dart': () => pick([`${whole(3, 5)}${digits(10)}`, digits(11)]),
  'parcel of UPS': () => `1Z${pick(['999AA1', 'E4X', 'W3A'])}${digits(10)}`,
  'parcel of USPS': () =>
    `${pick(['9400', '9205', '9361'])} ${digits(4)} ${digits(4)} ${digits(4)} ${digits(4)} ${digits(2)}`,
  'parcel of the post': () => `${pick(['RR', 'EE', 'CP'])}${digits(9)}${pick(['AE', 'IN', 'DE'])}`,
  'parcel of DHL': () => pick([digits(10), `JJD${digits(18)}`, `00340434${digits(12)}`]),
  'parcel of FedEx': () => pick([digits(12), `${pick(['7', '9'])}${digits(14)}`]),
  'parcel of Delhivery': () => `1${digits(whole(12, 13))}`,
  IMEI: () => {
    const body = `${pick(['35', '86', '01', '99'])}${digits(12)}`;
    return body + checkDigit(body);
  },
  ICCID: () => {
    const body = `89${pick(['971', '91', '49'])}${digits(13)}`;
    return body + checkDigit(body);
  },
  'Emirates ID': () => `784-${whole(1950, 2010)}-${digits(7)}-${digits(1)}`,
  Aadhaar: () => `${whole(2, 9)}${digits(3)} ${digits(4)} ${digits(4)}`,
  IBAN: () =>
    `AE${digits(2)} ${digits(3)} ${digits(4)} ${digits(4)} ${digits(4)} ${digits(4)}`.replaceAll(
      ' ',
      pick(['', ' ']),
    ),
  EAN: () => {
    const body = `${pick(['400', '628', '629', '890'])}${digits(9)}`;
    const sum = [...body].reduce((total, d, i) => total + Number(d) * (i % 2 === 0 ? 1 : 3), 0);
    return body + ((10 - (sum % 10)) % 10);
  },
  'time in milliseconds': () => String(1_700_000_000_000 + whole(0, 200_000_000_000)),
  'time in microseconds': () => `${1_700_000_000_000 + whole(0, 200_000_000_000)}${digits(3)}`,
  'date and time': () =>
    `20${whole(24, 27)}-${whole(10, 12)}-${whole(10, 28)} ${whole(10, 23)}:${whole(10, 59)}:${whole(10, 59)}`,
  'date and time, together': () =>
    `20${whole(24, 27)}${whole(10, 12)}${whole(10, 28)}${whole(10, 23)}${whole(10, 59)}${whole(10, 59)}`,
  amounts: () =>
    `${whole(1, 999)},${digits(3)}.${digits(2)} + ${whole(1, 999)}.${digits(2)} = AED ${whole(1, 9)},${digits(3)},${digits(3)}`,
  sizes: () =>
    `${whole(10, 60)}x${whole(10, 60)}x${whole(10, 60)} cm, ${whole(36, 48)} ${whole(36, 48)} ${whole(36, 48)}`,
  place: () => `${whole(20, 30)}.${digits(7)}, ${whole(50, 60)}.${digits(7)}`,
  'id of a page': () => `10${digits(13)}`,
};

it(`touches at most one in a hundred of ${MANY} numbers that are none`, () => {
  const touched: string[] = [];
  const kinds = Object.entries(LOOKALIKES);
  for (let n = 0; n < MANY; n++) {
    const [kind, make] = kinds[n % kinds.length]!;
    const number = make();
    const text = pick(['{}', 'where is {}?', 'my number: {}', 'طلبي {}', 'मेरा ऑर्डर {}']).replace(
      '{}',
      number,
    );
    if (maskCardNumbers(text).found) touched.push(`${kind}: ${number}`);
  }
  // What is left are whole numbers with a card's length, prefix and check digit: nothing tells them apart.
  expect(touched.length).toBeLessThanOrEqual(MANY / 100);
});
