import fc from 'fast-check';

/** Stands in a JSON text where junk goes. */
const PLACE = '\u0001junk\u0001';
const PLACE_JSON = JSON.stringify(PLACE);

const fill = (bytes, piece) => piece.repeat(Math.max(1, Math.floor(bytes / Buffer.byteLength(piece))));
const many = (bytes, make, open, close) => {
  const parts = [];
  for (let i = 0, left = bytes - 2; left > 0; i++) {
    parts.push(make(i));
    left -= Buffer.byteLength(parts.at(-1)) + 1;
  }
  return `${open}${parts.join(',')}${close}`;
};
const textOf = (piece) => (bytes) => `"${fill(bytes - 2, piece)}"`;

/** JSON that is expensive for somebody: each makes about so many bytes of it. */
export const JUNK = {
  keys: (bytes) => many(bytes, (i) => `"k${i}":0`, '{', '}'),
  'keys that are numbers': (bytes) => many(bytes, (i) => `"${(i * 7_919) % 4_000_000_000}":0`, '{', '}'),
  'the same key': (bytes) => many(bytes, () => '"a":0', '{', '}'),
  'objects of keys': (bytes) =>
    many(bytes, (i) => `"o${i}":{"a":{"b":[1]},"c":{},"__proto__":{"x":1}}`, '{', '}'),
  'lists in lists': (bytes) => fill(bytes / 2, '[') + fill(bytes / 2, ']'),
  'objects in objects': (bytes) => `${fill((bytes * 5) / 6, '{"a":')}0${fill(bytes / 6, '}')}`,
  'lists without an end': (bytes) => fill(bytes, '['),
  entries: (bytes) => many(bytes, () => '0', '[', ']'),
  'empty objects': (bytes) => many(bytes, () => '{}', '[', ']'),
  nulls: (bytes) => many(bytes, () => 'null', '[', ']'),
  numbers: (bytes) => many(bytes, (i) => `${i}.${i}e${i % 300}`, '[', ']'),
  'a long number': (bytes) => fill(bytes, '7'),
  'a small number': (bytes) => `0.${fill(bytes - 2, '0')}1`,
  text: textOf('a'),
  words: textOf('kaftan '),
  blanks: textOf('  '),
  lines: textOf('\\n'),
  escapes: textOf('\\u0041'),
  'other scripts': textOf('مرحبا بك '),
  'composed letters': textOf('e\u0301\u0316\u0327'),
  emoji: textOf('👩‍👩‍👧‍👦'),
  'half characters': textOf('\\ud83d'),
  digits: textOf('4'),
  'card numbers': textOf('4111 1111 1111 1111 '),
  'digits with something between': textOf('4·1-1٬1⁴'),
  'things to pay': textOf('2x '),
  'open brackets': textOf('<a href=(['),
  'JSON in a text': (bytes) => JSON.stringify(JUNK.keys(bytes * 0.8)),
  'lists in a text': (bytes) => JSON.stringify(JUNK['lists in lists'](bytes)),
};

/**
 * JSON texts of at most `bytes`, each a sample in which one thing is junk: a value is replaced, keys are added, or a
 * list's entry comes again and again.
 * @param {{ samples: { name: string, value: unknown }[], bytes: number, count: number, seed: number }} options
 * @returns {{ name: string, text: string }[]}
 */
export function spoilt({ samples, bytes, count, seed }) {
  const kinds = Object.keys(JUNK);
  const choice = fc.record({
    sample: fc.constantFrom(...samples),
    kind: fc.constantFrom(...kinds),
    way: fc.constantFrom('replace', 'replace', 'add', 'again'),
    place: fc.nat(),
    /** Just below the limit, mostly; what is small meets other rules. */
    share: fc.constantFrom(1, 1, 1, 0.3, 0.02, 0.001),
  });
  return fc.sample(choice, { numRuns: count, seed }).map((chosen) => spoil(chosen, bytes));
}

function spoil({ sample: { name, value }, kind, way, place, share }, bytes) {
  const copy = structuredClone({ value });
  const places = placesIn(copy, (held) => way !== 'again' || (Array.isArray(held) && held.length > 0));
  const chosen = places[place % places.length] ?? { holder: copy, key: 'value', path: '' };
  const { holder, key, path } = chosen;
  const before = holder[key];
  const isFree = way === 'add' && typeof before === 'object' && before !== null;
  if (isFree && Array.isArray(before)) before.push(PLACE);
  else if (isFree) before.zz = PLACE;
  else holder[key] = PLACE;
  const text = JSON.stringify(copy.value) ?? PLACE_JSON;
  const room = Math.max(20, (bytes - Buffer.byteLength(text)) * share);
  const again = way === 'again' && Array.isArray(before) && before.length > 0;
  const junk = again ? many(room, () => JSON.stringify(before[0]), '[', ']') : JUNK[kind](room);
  const what = again ? 'its first entry, again and again' : kind;
  const spoiltText = text.replace(PLACE_JSON, () => junk);
  const size = Buffer.byteLength(spoiltText);
  return {
    name: `${name}${path}: ${isFree ? 'more ' : ''}${what}, ${size} bytes`,
    text: size <= bytes ? spoiltText : text.replace(PLACE_JSON, '0'),
  };
}

/** Everywhere that a value stands, the whole one included. */
function placesIn(root, fits) {
  const places = [];
  const walk = (holder, key, path) => {
    const held = holder[key];
    if (fits(held)) places.push({ holder, key, path });
    if (typeof held !== 'object' || held === null) return;
    for (const inner of Object.keys(held)) walk(held, inner, `${path}.${inner}`);
  };
  walk(root, 'value', '');
  return places;
}
