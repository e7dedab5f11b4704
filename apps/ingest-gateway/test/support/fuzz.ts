import { randomBytes } from 'node:crypto';

/** A generator of numbers that gives the same ones for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export type Random = () => number;
export const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)]!;

const WORDS = [
  'black hoodie under 100',
  '👩‍👩‍👧‍👦 for the family 🎁',
  '🇦🇪',
  'هل عندكم هودي أسود؟',
  '‏السعر ١٠٠ درهم‎',
  'क्या आपके पास काला हुडी है?',
  'नमस्ते 🙏🏽',
  '黒いパーカー',
  'I\u0307stanbul — “quoted” \\ back\\slash / slash',
  'line\nbreak\ttab \u2028\u2029 and \u0001\u001f',
  'e\u0301 vs \u00e9, zero\u200bwidth, \ufeffbom',
  '<script>alert(1)</script> & "amp"',
  '\ud83d lone surrogate',
  '',
  'x'.repeat(4_096),
];

/** What customers type. */
export function words(random: Random): string {
  const parts = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(random, WORDS));
  return parts.join(' ').slice(0, 4_096);
}

/** JSON as different senders write it: plain, with everything beyond ASCII escaped (as Meta does), with slashes escaped. */
export function write(random: Random, value: object): string {
  const text = JSON.stringify(value);
  switch (Math.floor(random() * 4)) {
    case 0:
      return text;
    case 1:
      return ascii(text).replaceAll('/', '\\/');
    case 2:
      return JSON.stringify(value, null, 2);
    default:
      return ascii(text);
  }
}

function ascii(text: string): string {
  return text.replace(/[^\x20-\x7e\n]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A request that was signed rightly, as it went over the line. */
export interface Signed {
  body: Buffer;
  header: string;
}

/**
 * Makes another request of a right one, which must be refused. `resign` signs a body with a secret that is not known
 * to the receiver.
 */
export function spoil(
  random: Random,
  { body, header }: Signed,
  resign: (body: Buffer, secret: string) => string,
): { body: Buffer; header: string | undefined } {
  const at = Math.floor(random() * Math.max(1, body.length));
  const spoilt = Buffer.from(body);
  switch (Math.floor(random() * 12)) {
    case 0: // one bit of the body
      spoilt[at] = spoilt[at]! ^ (1 << Math.floor(random() * 8));
      return { body: spoilt, header };
    case 1: // cut off
      return { body: body.subarray(0, at), header };
    case 2: // something behind it
      return {
        body: Buffer.concat([body, pick(random, [Buffer.from(' '), Buffer.from('\n'), Buffer.alloc(1)])]),
        header,
      };
    case 3: // something within it
      return { body: Buffer.concat([body.subarray(0, at), randomBytes(1), body.subarray(at)]), header };
    case 4: // the same value, written otherwise
      return { body: Buffer.concat([Buffer.from(' '), body]), header };
    case 5: // no signature
      return { body, header: pick(random, [undefined, '', ' ', 'sha256=', 't=,v1=', 't=1', 'null']) };
    case 6: // signed with another secret
      return {
        body,
        header: resign(body, pick(random, ['', ' ', 'secret', 'undefined', randomBytes(16).toString('hex')])),
      };
    case 7: // another body's signature
      return { body: Buffer.from(`{"a":${at}}`), header };
    case 8: // one digit of the signature
      return { body, header: flipHex(random, header) };
    case 9: // the signature cut off
      return { body, header: header.slice(0, -1 - Math.floor(random() * 60)) };
    case 10: // more after the signature, or another spelling of it
      return { body, header: respell(random, header) };
    default: // a hash of the body alone, as who has no secret can make it
      return { body, header: header.replace(/[0-9a-f]{64}/, randomBytes(32).toString('hex')) };
  }
}

function flipHex(random: Random, header: string): string {
  const start = header.search(/[0-9a-f]{64}/);
  const at = start + Math.floor(random() * 64);
  const digit = pick(
    random,
    [...'0123456789abcdef'].filter((d) => d !== header[at]),
  );
  return header.slice(0, at) + digit + header.slice(at + 1);
}

function respell(random: Random, header: string): string {
  const hex = /[0-9a-f]{64}/.exec(header)![0];
  return header.replace(
    hex,
    pick(random, [
      `${hex}0`,
      `0${hex}`,
      hex.slice(0, 63),
      `${hex.slice(0, 32)} ${hex.slice(32)}`,
      `${hex}é`,
      '0'.repeat(64),
    ]),
  );
}
