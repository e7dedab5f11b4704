/**
 * How much has to speak for a number before it counts as a card of its scheme:
 * `named`: range and length are a scheme's own, so that the number may be glued to other digits or oddly grouped;
 * `wide`: the range is only set aside for cards by ISO/IEC 7812, so that the number has to be grouped as cards are;
 * `alone`: the number is short, or its range is shared with something else, so that it has to stand alone;
 * `told`: as `alone`, and the text has to speak of a card, or the grouping has to be that of cards.
 */
export type Evidence = 'named' | 'wide' | 'alone' | 'told';

export const SHORTEST = 12;
export const LONGEST = 19;

/**
 * The ranges that numbers begin with, and how many digits they have.
 *
 * Sources: ISO/IEC 7812-1 (5 and 6 are for banks, 9 is followed by the numeric code of a country) and Wikipedia,
 * "Payment card number" (2024-07). Beyond these: the npm packages `creditcards-types` 4 (mada, Meeza, Troy) and
 * `credit-card-type` 10 (by Braintree: Elo, Hipercard, Verve, UnionPay of 14 and 15 digits), ActiveMerchant (Carnet, JCB
 * within Discover's network), Adyen's Android library (Bancontact), and Indonesia's standards body (9360 for GPN).
 */
const SCHEMES: readonly (readonly [name: string, ranges: string, lengths: number[], Evidence])[] = [
  ['Visa, and cards of Dankort, Elo and mada', '4', [16, 19], 'named'],
  ['Visa, old', '4', [13], 'alone'],
  ['Mastercard', '51-55 2221-2720', [16], 'named'],
  ['American Express', '34 37', [15], 'named'],
  ['Diners Club', '300-305 3095 36 38-39', [16, 19], 'named'],
  ['Diners Club', '300-305 3095 36 38-39', [14], 'alone'],
  ['Discover, and cards of RuPay, Troy, Elo and Verve', '6011 644-649 65', [16, 18, 19], 'named'],
  ['JCB, LankaPay, RuPay', '3528-3589', [16, 17, 18, 19], 'named'],
  ['JCB within the network of Discover', '3088-3094 3096-3102 3112-3120 3158-3159 3337-3349', [16], 'named'],
  ['UnionPay', '62', [16, 17, 18, 19], 'named'],
  ['UnionPay, RuPay', '81-82', [16], 'named'],
  // Braintree takes these lengths, and descriptions of UnionPay speak of debit cards from 13 digits on.
  ['UnionPay, short', '62', [14, 15], 'alone'],
  // Debit cards of ICBC and ABC from before 62 was UnionPay's.
  ['UnionPay, old', '9558-9559', [16, 19], 'named'],
  // Maestro, Elo, Hipercard, InstaPayment, mada, Meeza, RuPay, Uzcard, Carnet, GPN, Verve, Switch, Solo, Laser and more.
  ['what many schemes share', '50 56 58 60 63 67', [16, 18, 19], 'named'],
  [
    'Maestro, Laser, Bancontact, InterPayment, UkrCard',
    '5018 5020 5038 5612 5893 6040-6042 6304 636 6390 67',
    [17],
    'named',
  ],
  // Ranges that are nothing but Maestro, and no country's calling code.
  ['Maestro, short', '5018 5020 5038 5612 5893 6304 6759-6763', [12, 13, 14, 15], 'alone'],
  ['what is left for banks by ISO/IEC 7812', '50 56-69', [16, 17, 18, 19], 'wide'],
  ['Mir, Borica', '2200-2205', [16, 17, 18, 19], 'named'],
  ['Carnet', '2869', [16], 'named'],
  ['Uzcard', '8600', [16], 'named'],
  ['Napas', '9704', [16, 19], 'named'],
  [
    'ArCa, Belkart, GPN, Elcart, mada, Troy, Humo, Dina',
    '9051 9112 9360 9417 9682 9792 9860 9891',
    [16],
    'named',
  ],
  // Domestic cards of Korea begin with 9, which codes of parcels do as well.
  ['BC Card and others of Korea', '9', [16], 'alone'],
  ['GPN, old', '1946', [16, 18, 19], 'alone'],
  // 1 and the three digits of an airline.
  ['UATP', '1001-1999', [15], 'told'],
];

/** For each evidence, by the first four digits: one bit a length, the lowest for the shortest. */
const LENGTHS: Record<Evidence, Uint8Array> = {
  named: new Uint8Array(10_000),
  wide: new Uint8Array(10_000),
  alone: new Uint8Array(10_000),
  told: new Uint8Array(10_000),
};
const ANY_LENGTHS = new Uint8Array(10_000);
for (const [, ranges, lengths, evidence] of SCHEMES) {
  const bits = lengths.reduce((all, length) => all | bitOf(length), 0);
  for (const range of ranges.split(' ')) {
    const [from, to = from] = range.split('-');
    for (let prefix = Number(from!.padEnd(4, '0')); prefix <= Number(to!.padEnd(4, '9')); prefix++) {
      LENGTHS[evidence][prefix]! |= bits;
      ANY_LENGTHS[prefix]! |= bits;
    }
  }
}

function bitOf(length: number): number {
  return 1 << (length - SHORTEST);
}

/** Lengths of the cards that begin with these four digits, as bits. 0 when no card does. */
export function cardLengths(prefix: number): number {
  return ANY_LENGTHS[prefix]!;
}

export function hasLength(lengths: number, length: number): boolean {
  return (lengths & bitOf(length)) !== 0;
}

/** What has to speak for a number of this length. Where schemes overlap, the least of it is enough. */
export function evidenceFor(prefix: number, length: number): Evidence | undefined {
  if (hasLength(LENGTHS.named[prefix]!, length)) return 'named';
  if (hasLength(LENGTHS.wide[prefix]!, length)) return 'wide';
  if (hasLength(LENGTHS.alone[prefix]!, length)) return 'alone';
  return hasLength(LENGTHS.told[prefix]!, length) ? 'told' : undefined;
}
