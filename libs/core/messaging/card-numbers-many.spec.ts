import { isCardNumberId, maskCardNumbers } from './card-numbers.js';
import { likeCards, lookalikes } from './testing/card-number-lookalikes.js';
import {
  cardOf,
  digitsOf,
  FORMS,
  grouped,
  SCHEMES,
  SENTENCES,
  SEPARATORS,
  SHORT_SCHEMES,
  signsOf,
  UNSEEN,
} from './testing/card-number-samples.js';
import { seeded } from './testing/seeded.js';

const MANY = 10_000;
const random = seeded(20_261_121);
const { chance, pick, whole, digits } = random;
const ASCII = [...'0123456789'];

const GAPS = [...SEPARATORS, ...UNSEEN];

/** In one of the ways that people have, or anyhow. */
function written(number: string): string {
  // One number of ten has digits of many forms.
  const mixed = chance() < 0.1;
  const form = chance() < 0.4 ? ASCII : pick(FORMS);
  const signs = mixed ? Array.from(number, (d) => pick(FORMS)[Number(d)]!) : signsOf(number, form);
  if (chance() < 0.2)
    return signs.map((sign, at) => (at > 0 && chance() < 0.3 ? pick(GAPS) + sign : sign)).join('');
  return grouped(signs, pick(['fours', 'fours', '4-6-rest', 'singles', 'whole']), pick([' ', '-', ...GAPS]));
}

it(`masks ${MANY} card numbers of all schemes, in all scripts, groupings and sentences`, () => {
  const missed: string[] = [];
  for (let n = 0; n < MANY; n++) {
    const number = cardOf(pick([...SCHEMES, ...SHORT_SCHEMES]), random);
    const sentence = pick([...SENTENCES, '{}x2']);
    const text = sentence.replace('{}', () => written(number));
    const masked = maskCardNumbers(text);
    // Only the last four are left of the number, among what the sentence says besides.
    const held =
      masked.text.includes(`•••• ${number.slice(-4)}`) &&
      digitsOf(masked.text).length === digitsOf(sentence).length + 4;
    if (!masked.found || !held) missed.push(`${number} as ${JSON.stringify(text)}: ${masked.text}`);
  }
  expect(missed).toEqual([]);
});

it(`masks ${MANY} card numbers beside other digits and letters`, () => {
  const expiry = () => `${String(whole(1, 12)).padStart(2, '0')}${whole(26, 39)}`;
  const neighbours: ((number: string) => [before: string, after: string])[] = [
    (number) => ['', digits(number.length === 15 ? 4 : 3)],
    () => ['', expiry()],
    () => ['', expiry() + digits(3)],
    () => ['', digits(3) + expiry()],
    // Whatever it is, up to 23 digits in all.
    (number) => ['', digits(whole(1, 23 - number.length))],
    () => [digits(whole(1, 4)), ''],
    // With a number of 19 digits this may be an account number of the UAE.
    (number) => [number.length < 19 ? 'AE07' : 'XX07', ''],
    () => ['card', 'x'],
    () => ['', ` ${expiry()} ${digits(3)}`],
    () => ['89 ', ''],
  ];
  const missed: string[] = [];
  for (let n = 0; n < MANY; n++) {
    const number = cardOf(pick(SCHEMES), random);
    const form = chance() < 0.5 ? ASCII : pick(FORMS);
    const [before, after] = pick(neighbours)(number).map((beside) =>
      beside.replace(/\d/g, (d) => form[Number(d)]!),
    ) as [string, string];
    const separator = pick(['', '', ' ', '-', '.', ', ']);
    const shown = grouped(signsOf(number, form), pick(['fours', 'fours', 'singles']), separator);
    const sentence = pick(SENTENCES);
    const text = sentence.replace('{}', () => before + shown + after);
    const masked = maskCardNumbers(text);
    const left = digitsOf(masked.text);
    const most = digitsOf(sentence).length + digitsOf(before).length + digitsOf(after).length + 4;
    if (!masked.found || left.length > most || left.includes(number.slice(0, -4))) {
      missed.push(`${number} as ${JSON.stringify(text)}: ${masked.text}`);
    }
  }
  expect(missed).toEqual([]);
});

const QUESTIONS = [
  '{}',
  'where is {}?',
  'my number: {}',
  'طلبي {}',
  'मेरा ऑर्डर {}',
  '订单{}',
  'id={}&v=2',
  '({})',
];
const asked = (text: string) => maskCardNumbers(pick(QUESTIONS).replace('{}', () => text)).found;

it(`touches at most one in a hundred of ${MANY} numbers that are none`, () => {
  const kinds = lookalikes(random);
  const touched: string[] = [];
  for (let n = 0; n < MANY; n++) {
    const [kind, make] = kinds[n % kinds.length]!;
    const number = make();
    if (asked(number)) touched.push(`${kind}: ${number}`);
  }
  // What is left are whole numbers with a card's length, prefix and check digit: nothing tells them apart.
  expect(touched.length).toBeLessThanOrEqual(MANY / 100);
});

it('touches about one in ten of any kind at most, and one in five of those that are most like cards', () => {
  const share = (make: () => string) => Array.from({ length: 1_000 }, make).filter(asked).length / 1_000;
  const often = (kinds: [string, () => string][], most: number) =>
    kinds.map(([kind, make]) => [kind, share(make)] as const).filter(([, touched]) => touched > most);
  expect(often(lookalikes(random), 0.13)).toEqual([]);
  expect(often(likeCards(random), 0.22)).toEqual([]);
});

it('leaves our own ids and UUIDs alone', () => {
  const ours = lookalikes(random).find(([kind]) => kind === 'our id')![1];
  const uuids = lookalikes(random).find(([kind]) => kind === 'UUID')![1];
  const touched = (id: string) => maskCardNumbers(id).found || isCardNumberId(id);
  expect(Array.from({ length: 100_000 }, ours).filter(touched).length).toBeLessThanOrEqual(5);
  expect(Array.from({ length: 20_000 }, uuids).filter(touched).length).toBeLessThanOrEqual(5);
});
