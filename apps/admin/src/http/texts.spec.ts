import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { getMetadataStorage, validateSync } from 'class-validator';

type Dto = new () => Record<string, unknown>;

const SOURCES = new URL('../', import.meta.url).pathname;
const FILES = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.dto.ts'),
);

/** Search terms. Customers may have written any character, and a search term is not stored. */
const SEARCHES = ['ThreadQuery.q'];
/** Terms that look up a row or a person by a name that may hold many digits. */
const SEARCHED = [
  ...SEARCHES,
  'AuditQuery.actor',
  'AuditQuery.action',
  'AuditQuery.target',
  'PersonQuery.phone',
  'PersonQuery.userId',
  'SendTestMessage.to',
];
/** The same card number: typed, divided, in another script, glued to a word. */
const CARDS = ['4111111111111111', '4111 1111 1111 1111', '٤١١١١١١١١١١١١١١١', 'card4111-1111-1111-1111x'];
/** Texts of several lines. */
const IN_LINES = ['SuspendMerchant.reason', 'CloseMerchant.reason', 'PutTemplate.body'];

const range = (first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, i) => String.fromCodePoint(first + i));
const MARKS = ['\u061c', '\u200e', '\u200f'];
const HIDDEN = [
  ...range(0, 0x1f),
  ...range(0x7f, 0x9f),
  ...range(0x202a, 0x202e),
  ...range(0x2066, 0x2069),
  ...MARKS,
  '\u00ad',
  '\u200b',
  '\u2028',
  '\u2029',
  '\u2060',
  '\ufeff',
  '\u{e0001}',
  '\u{e0041}',
  '\u{e0101}',
];
/** Between them, every property that takes a text takes one of these. */
const TEXTS = [
  ...[
    'Aisha',
    'a@example.com',
    'https://www.example.com/track/{code}',
    '+971 50 123 4567',
    '+971501234567',
    'en',
  ],
  'AED',
  'AE',
  '09:00',
  '2026-12-02',
  '2026-11-21T10:00:00Z',
  'desert-threads',
  'order_shipped',
  '1022901293',
  `mer_${'0'.repeat(32)}`,
  `acc_${'0'.repeat(32)}`,
  `con_${'0'.repeat(32)}`,
  'stripe-sa',
  'sk_test_1234567890',
  'whsec_1234567890',
  'a'.repeat(64),
  'W7K3M9QX',
  '17',
  'W10',
  'whatsapp',
];

// One after the other: Jest links modules that are imported at once in no order.
const modules: object[] = [];
for (const file of FILES) modules.push((await import(join(SOURCES, file))) as object);

const texts = modules
  .flatMap((module: object) => Object.values(module) as unknown[])
  // The forms of vendors are made for each of them.
  .flatMap((value) => (value instanceof Map ? [...(value.values() as Iterable<unknown>)] : [value]))
  .filter((value): value is Dto => typeof value === 'function' && value.prototype !== undefined)
  .flatMap((dto) =>
    [
      ...new Set(
        getMetadataStorage()
          .getTargetValidationMetadatas(dto, '', false, false)
          .map(({ propertyName }) => propertyName),
      ),
    ].map((property): [name: string, dto: Dto, property: string] => [
      `${dto.name}.${property}`,
      dto,
      property,
    ]),
  );

/** What is wrong with this for this property of a request. */
function problems(dto: Dto, property: string, value: unknown): string[] {
  const request = Object.assign(new dto(), { [property]: value });
  return validateSync(request)
    .filter((error) => error.property === property)
    .flatMap(({ constraints }) => Object.values(constraints ?? { nested: 'nested' }));
}

/** Whether this property of a request may be this. */
const takes = (dto: Dto, property: string, value: unknown): boolean =>
  problems(dto, property, value).length === 0;

describe('the texts of requests', () => {
  const taking = texts.filter(([, dto, property]) =>
    TEXTS.some((text) => takes(dto, property, text) || takes(dto, property, [text])),
  );

  it('are found', () => {
    const names = taking.map(([name]) => name);
    for (const name of [
      'CreateMerchant.name',
      'StaffMemberDto.email',
      'PutRestStore.baseUrl',
      'ConnectMessenger.displayName',
      'UpdateWhatsapp.accessToken',
      ...SEARCHES,
      ...IN_LINES,
    ]) {
      expect(names).toContain(name);
    }
    expect(names.length).toBeGreaterThan(60);
  });

  it.each(taking.filter(([name]) => !SEARCHES.includes(name)))(
    '%s holds nothing hidden',
    (name, dto, property) => {
      const allowed = IN_LINES.includes(name) ? ['\n', ...MARKS] : [];
      const shapes = [(text: string): unknown => text, (text: string): unknown => [text]];
      for (const shape of shapes) {
        for (const text of TEXTS.filter((good) => takes(dto, property, shape(good)))) {
          for (const character of HIDDEN.filter((hidden) => !allowed.includes(hidden))) {
            for (const at of [0, Math.floor(text.length / 2), text.length]) {
              const spoilt = text.slice(0, at) + character + text.slice(at);
              if (takes(dto, property, shape(spoilt))) throw new Error(`takes ${JSON.stringify(spoilt)}`);
            }
          }
        }
      }
    },
  );

  it.each(taking)(
    '%s holds no card number, unless it is searched for or is no text',
    (name, dto, property) => {
      const good = [...TEXTS, 'a\nb'].filter((text) => takes(dto, property, text));
      if (good.length === 0 || !takes(dto, property, 'Order 5678')) return; // not for any text
      const said = CARDS.map((card) => [
        ...new Set(good.flatMap((text) => problems(dto, property, `${text} ${card}`))),
      ]);
      const rule = `${property} must hold no payment card number`;
      const refused = CARDS.map(() => expect.arrayContaining([rule]) as unknown);
      expect([name, said]).toEqual([name, SEARCHED.includes(name) ? CARDS.map(() => []) : refused]);
      if (!SEARCHED.includes(name)) {
        for (const text of good)
          for (const card of CARDS) expect(takes(dto, property, `${text} ${card}`)).toBe(false);
      }
    },
  );

  it('take what people are called, everywhere', () => {
    const people = [
      'عائشة',
      'علی\u200cرضا',
      'श्री\u200dमान',
      '👩‍👩‍👧 & co',
      '🏪',
      '葛\u{e0100}城',
      'Zoë O’Brien',
      '❤️',
    ];
    const names = taking.filter(([, , property]) => /^(name|displayName)$/.test(property));
    for (const [name, dto, property] of names) {
      if (!takes(dto, property, 'Aisha')) continue; // a name of the machine's, such as a template's
      for (const person of people)
        expect([name, person, takes(dto, property, person)]).toEqual([name, person, true]);
    }
    expect(names.length).toBeGreaterThan(5);
  });

  it('of several lines keep their lines, and their numbers where they belong', () => {
    for (const [name, dto, property] of taking.filter(([of]) => IN_LINES.includes(of))) {
      const text = 'طلبك {{1}} جاهز\u200f.\nرقم التتبع: \u200e{{2}} ، شكرا';
      expect([name, takes(dto, property, text)]).toEqual([name, true]);
      expect([name, takes(dto, property, ' \n ')]).toEqual([name, false]);
    }
  });
});
