import fc from 'fast-check';
import { LocalKeyWrapper, seal, SecretBox, unseal } from './envelope.js';
import { NO_KEYS, parseKeyRing } from './key-ring.js';

const key = (fill: number): string => Buffer.alloc(32, fill).toString('base64');
const ring = parseKeyRing(`a:${key(1)},b:${key(2)}`);
const box = new SecretBox(new LocalKeyWrapper(ring));
const secret = fc.string({ unit: 'binary', maxLength: 200 });
const binding = fc
  .tuple(fc.constantFrom('channel_accounts', 'store_connections'), fc.string(), fc.constantFrom('x', 'y'))
  .map((parts) => parts.join('/'));

describe('a sealed secret', () => {
  it('opens where it was sealed, whatever it is, and never shows in its sealed form', async () => {
    await fc.assert(
      fc.asyncProperty(secret, binding, async (text, at) => {
        const sealed = await box.seal(text, at);
        expect(await box.open(sealed, at)).toBe(text);
        expect(unseal(sealed, at, ring)).toBe(text);
        expect(await box.open(seal(text, at, ring), at)).toBe(text);
        if (text.length > 3) expect(sealed).not.toContain(text);
      }),
    );
  });

  it('is another text each time: equal secrets cannot be told by their sealed forms', () => {
    const all = Array.from({ length: 200 }, () => seal('same', 'row', ring));
    expect(new Set(all.map((s) => s.split('.')[2])).size).toBe(200);
    expect(new Set(all.map((s) => s.split('.')[3])).size).toBe(200);
  });

  it('does not open in another row, column or table', async () => {
    await fc.assert(
      fc.asyncProperty(secret, binding, binding, async (text, at, elsewhere) => {
        fc.pre(at !== elsewhere);
        const sealed = await box.seal(text, at);
        await expect(box.open(sealed, elsewhere)).rejects.toThrow();
        await expect(box.rewrap(sealed.replace(/^v1\.a/, 'v1.b'), elsewhere)).rejects.toThrow();
      }),
    );
  });

  it('does not open with any one bit of it flipped, wherever that is', async () => {
    const sealed = await box.seal('EAAG-a-token', 'channel_accounts/acc_1/access_token');
    const parts = sealed.split('.');
    let flips = 0;
    for (const part of [2, 3]) {
      const bytes = Buffer.from(parts[part]!, 'base64url');
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const changed = Buffer.from(bytes);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        const text = parts.with(part, changed.toString('base64url')).join('.');
        await expect(box.open(text, 'channel_accounts/acc_1/access_token')).rejects.toThrow();
        flips++;
      }
    }
    expect(flips).toBeGreaterThan(700);
  });

  it('does not open with any one character changed, removed or added', async () => {
    const sealed = await box.seal('EAAG-a-token', 'row');
    const change = fc.tuple(
      fc.nat(sealed.length - 1),
      fc.constantFrom('change', 'remove', 'add'),
      fc.constantFrom(...'AbZ09-_.=+/ \n'),
    );
    await fc.assert(
      fc.asyncProperty(change, async ([at, kind, char]) => {
        const rest = sealed.slice(kind === 'add' ? at : at + 1);
        const text = sealed.slice(0, at) + (kind === 'remove' ? '' : char) + rest;
        fc.pre(text !== sealed);
        await expect(box.open(text, 'row')).rejects.toThrow();
      }),
      { numRuns: 2_000 },
    );
  });

  it('does not open with parts of another sealed secret, even of the same row', async () => {
    const [one, two] = [(await box.seal('one', 'row')).split('.'), (await box.seal('two', 'row')).split('.')];
    await expect(box.open([...one.slice(0, 3), two[3]].join('.'), 'row')).rejects.toThrow();
    await expect(box.open([one[0], 'b', ...one.slice(2)].join('.'), 'row')).rejects.toThrow();
    await expect(box.open([one[0], 'c', ...one.slice(2)].join('.'), 'row')).rejects.toThrow('key ring');
    for (const text of ['', 'v1', 'v1.a.b', 'v2.' + one.slice(1).join('.'), 'v1.a.AAAA.AAAA']) {
      await expect(box.open(text, 'row')).rejects.toThrow();
    }
  });

  it('names no secret and no key when it does not open', async () => {
    const sealed = await box.seal('EAAG-a-token', 'row');
    const failure = await box.open(sealed, 'elsewhere').catch((error: Error) => String(error.stack));
    for (const part of ['EAAG-a-token', key(1), ...sealed.split('.').slice(2)]) {
      expect(failure).not.toContain(part);
    }
  });
});

describe('re-wrapping', () => {
  const after = parseKeyRing(`b:${key(2)},a:${key(1)}`);
  const rotated = new SecretBox(new LocalKeyWrapper(after));
  const without = new SecretBox(new LocalKeyWrapper(parseKeyRing(`b:${key(2)}`)));

  it('puts a secret under the current key, so that the old one can go', async () => {
    await fc.assert(
      fc.asyncProperty(secret, binding, async (text, at) => {
        const old = await box.seal(text, at);
        await expect(without.open(old, at)).rejects.toThrow('master key a is not in the key ring');
        const renewed = await rotated.rewrap(old, at);
        expect(await without.open(renewed!, at)).toBe(text);
        expect(await rotated.rewrap(renewed!, at)).toBeUndefined();
      }),
    );
  });

  it('is neither opened nor made by a process without keys', async () => {
    const keyless = new SecretBox(new LocalKeyWrapper(NO_KEYS));
    await expect(keyless.open(seal('s3cret', 'row', ring), 'row')).rejects.toThrow(/key ring/);
    await expect(keyless.seal('s3cret', 'row')).rejects.toThrow(/key ring/);
    await expect(keyless.rewrap(seal('s3cret', 'row', ring), 'row')).rejects.toThrow(/key ring/);
  });

  it('refuses what it cannot open, rather than store it anew', async () => {
    const old = await box.seal('text', 'row');
    await expect(rotated.rewrap(old, 'elsewhere')).rejects.toThrow();
    await expect(rotated.rewrap(`${old.slice(0, -2)}AA`, 'row')).rejects.toThrow();
  });
});

describe('key rings', () => {
  it('take the first key as the current one, by commas or lines', () => {
    const lines = parseKeyRing(`new:${key(3)}\nold:${key(4)}\n`);
    expect(lines.current).toBe('new');
    expect([...lines.keys.keys()]).toEqual(['new', 'old']);
  });

  it('refuse what is not a list of 32-byte keys with usable ids, and show nothing of it', () => {
    const bad = [
      '',
      'a',
      `a:${key(1).slice(4)}`,
      `:${key(1)}`,
      `a.b:${key(1)}`,
      `a:${key(1)},`,
      `a:${key(1)},a:${key(2)}`,
    ];
    for (const text of bad) {
      expect(() => parseKeyRing(text, 'SOME_KEYS')).toThrow(/^SOME_KEYS (must be a list|has two keys)/);
    }
  });
});
