import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { verifyTimedSignature } from './timed-signature.js';

const T = 1_795_256_400;
const NOW = new Date(T * 1_000);
const SECRET = 'present-secret';
const BODY = Buffer.from('{"id":"evt_1"}');

const mac = (time: string, secret = SECRET): string =>
  createHmac('sha256', secret).update(`${time}.`).update(BODY).digest('hex');
const sign = (time: string | number, secret?: string): string => `t=${time},v1=${mac(String(time), secret)}`;
const verify = (header: string, otherSchemes = false) =>
  verifyTimedSignature(BODY, header, [SECRET, 'former-secret'], NOW, { otherSchemes });

/** What readers in the wild do with such a header: each is lenient in another way. */
const READERS: Record<string, (header: string) => { time: string; signatures: string[] } | undefined> = {
  'the first t, spaces forgiven': (header) => {
    const pairs = header.split(',').map((part) => part.trim().split('='));
    return reading(pairs.find(([name]) => name === 't')?.[1], pairs);
  },
  'the last t, as a number': (header) => {
    const pairs = header.split(',').map((part) => part.split('='));
    const given = pairs.findLast(([name]) => name === 't')?.[1];
    return reading(given === undefined ? given : String(Number.parseInt(given, 10)), pairs);
  },
  'any case, semicolons too': (header) => {
    const pairs = header.split(/[,;]/).map((part) => part.trim().toLowerCase().split('='));
    return reading(Object.fromEntries(pairs).t as string | undefined, pairs);
  },
  'the contract, letter by letter': (header) => {
    if (!header.startsWith('t=')) return undefined;
    let at = 2;
    while (at < header.length && header.charAt(at) >= '0' && header.charAt(at) <= '9') at++;
    const time = header.slice(2, at);
    const signatures: string[] = [];
    while (at < header.length) {
      if (header.slice(at, at + 4) !== ',v1=') return undefined;
      signatures.push(header.slice(at + 4, at + 68));
      at += 68;
    }
    return { time, signatures };
  },
};

function reading(time: string | undefined, pairs: string[][]) {
  if (time === undefined) return undefined;
  return { time, signatures: pairs.filter(([name]) => name === 'v1').map(([, value]) => value ?? '') };
}

/** Whether a reader would act on it: signed, and signed about now. */
function accepts(
  read: (header: string) => { time: string; signatures: string[] } | undefined,
  header: string,
) {
  const { time, signatures } = read(header) ?? { time: '', signatures: [] };
  const near = Math.abs(Number(time) - T) <= 300;
  return near && signatures.some((given) => given === mac(time) || given === mac(time, 'former-secret'));
}

const time = fc
  .oneof(fc.constant(0), fc.integer({ min: -400, max: 400 }), fc.constantFrom(3_600, -3_600))
  .chain((offset) =>
    fc.constantFrom(`${T + offset}`, `0${T + offset}`, `+${T + offset}`, `${T + offset}.0`, `${T + offset}x`),
  );
const part = time.chain((at) =>
  fc.constantFrom(
    `t=${at}`,
    `T=${at}`,
    ` t=${at}`,
    `t =${at}`,
    `t=${at}=`,
    `v1=${mac(at)}`,
    `v1=${mac(String(Number.parseInt(at, 10)))}`,
    `v1=${mac(at).toUpperCase()}`,
    ` v1=${mac(at)}`,
    `v01=${mac(at)}`,
    `v1=${mac(at, 'former-secret')}`,
    `v0=${mac(at)}`,
    `v1=${'0'.repeat(64)}`,
    '',
    'a=b',
  ),
);
const header = fc.oneof(
  time.map((at) => sign(at)),
  fc
    .tuple(time, fc.array(part, { maxLength: 5 }), fc.constantFrom(',', ', ', ';', ',,'))
    .map(([at, parts, comma]) => [sign(at), ...parts].join(comma)),
  fc.array(part, { maxLength: 6 }).map((parts) => parts.join(',')),
);

describe('a timed signature', () => {
  it('is verified only where every other reader would take the header for the same', () => {
    let verified = 0;
    fc.assert(
      fc.property(header, (text) => {
        if (verify(text) !== 'verified') return;
        verified++;
        for (const read of Object.values(READERS)) expect(accepts(read, text)).toBe(true);
      }),
      { numRuns: 20_000 },
    );
    expect(verified).toBeGreaterThan(100);
  });

  it('is verified in its one form, by any of the secrets, with any of ten signatures', () => {
    const zeros = `,v1=${'0'.repeat(64)}`;
    expect(verify(sign(T))).toBe('verified');
    expect(verify(sign(T, 'former-secret'))).toBe('verified');
    expect(verify(`t=${T}${zeros.repeat(9)},v1=${mac(String(T))}`)).toBe('verified');
    expect(verify(`t=${T}${zeros.repeat(10)},v1=${mac(String(T))}`)).toBe('bad_signature');
  });

  it.each([
    ['two times, the first one signed', `${sign(T)},t=${T + 3_600}`],
    ['two times, the last one signed', `t=${T},${sign(T + 60)}`],
    ['the same time twice', `t=${T},${sign(T)}`],
    ['the time behind the signature', sign(T).split(',').toReversed().join(',')],
    ['a space before the signature', sign(T).replace(',', ', ')],
    ['a space before the time', ` ${sign(T)}`],
    ['a tab behind it', `${sign(T)}\t`],
    ['a line break behind it', `${sign(T)}\n`],
    ['a signature in capitals', `t=${T},v1=${mac(String(T)).toUpperCase()}`],
    ['a leading zero', sign(`0${T}`)],
    ['a sign', sign(`+${T}`)],
    ['a number that goes on', sign(`${T}x`)],
    ['an exponent', sign('1e9')],
    ['something unknown', `${sign(T)},a=b`],
    ['an empty part', `${sign(T)},`],
    ['another name in capitals', `${sign(T)},T=${T + 3_600}`],
  ])('with %s is refused, though it is rightly signed', (_what, text) => {
    expect(verify(text)).toBe('bad_signature');
    expect(verify(text, true)).toBe('bad_signature');
  });

  it('of another scheme may stand beside it where that is allowed, and counts for nothing', () => {
    const text = `${sign(T)},v0=${mac(String(T))}`;
    expect(verify(text, true)).toBe('verified');
    expect(verify(text)).toBe('bad_signature');
    expect(verify(`t=${T},v0=${mac(String(T))}`, true)).toBe('bad_signature');
    expect(verify(`t=${T},v01=${mac(String(T))}`, true)).toBe('bad_signature');
  });

  it('is too old, or from the future, only if it is right', () => {
    for (const seconds of [-301, 301, -86_400, 86_400]) {
      expect(verify(sign(T + seconds))).toBe('too_old');
      expect(verify(sign(T + seconds, 'foreign'))).toBe('bad_signature');
    }
    for (const seconds of [-300, 300]) expect(verify(sign(T + seconds))).toBe('verified');
  });

  it('needs a secret', () => {
    for (const secret of ['', ' ']) {
      expect(verifyTimedSignature(BODY, sign(T, secret), [secret], NOW)).toBe('bad_signature');
    }
  });
});
