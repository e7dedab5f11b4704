import { EncryptJWT } from 'jose';
import { LinkTokens } from './link.js';

const key = (fill: number): string => Buffer.alloc(32, fill).toString('base64');
const NOW = new Date('2026-11-21T10:00:00Z');
const LATER = new Date('2026-11-21T10:45:00Z');
const claims = { orderRef: 'W7K3M9QX', merchantId: 'mer_1', nonce: 'n0nce' };

describe('checkout links', () => {
  const links = new LinkTokens(`a:${key(1)}`);

  it('open to what was put in, until they expire', async () => {
    const token = await links.make(claims, LATER);
    expect(await links.open(token, NOW)).toEqual(claims);
    expect(await links.open(token, new Date(LATER.getTime() + 1_000))).toBeUndefined();
  });

  it('show nothing of what is in them', async () => {
    const token = await links.make(claims, LATER);
    const visible = token.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1')).join(' '); // prettier-ignore
    for (const secret of Object.values(claims)) expect(visible).not.toContain(secret);
  });

  it('do not open when any part was changed', async () => {
    const token = await links.make(claims, LATER);
    const parts = token.split('.');
    for (const [i, part] of parts.entries()) {
      if (part === '') continue;
      const changed = part.startsWith('A') ? `B${part.slice(1)}` : `A${part.slice(1)}`;
      expect(await links.open(parts.with(i, changed).join('.'), NOW)).toBeUndefined();
    }
    for (const nonsense of ['', 'x', 'a.b.c', '....', token.slice(0, -2), `${token}.x`]) {
      expect(await links.open(nonsense, NOW)).toBeUndefined();
    }
  });

  it('have one spelling: no other text for the same bytes opens', async () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const bytes = (text: string) => text.split('.').map((part) => Buffer.from(part, 'base64url').toString('hex')).join('.'); // prettier-ignore
    let same = 0;
    for (const orderRef of ['W7K3M9QX', 'W7K3M9QX1', 'W7K3M9QX22']) {
      const token = await links.make({ ...claims, orderRef }, LATER);
      expect(await links.open(token, NOW)).toBeDefined();
      const spellings = token
        .split('.')
        .flatMap((part, i, parts) => [
          ...['=', '==', '%', ' ', '\n', '+', '/', '~', '\u0000', 'é'].flatMap((extra) => [
            parts.with(i, part + extra).join('.'),
            parts.with(i, extra + part).join('.'),
            parts.with(i, part.slice(0, 3) + extra + part.slice(3)).join('.'),
          ]),
          ...[...alphabet].map((last) => parts.with(i, part.slice(0, -1) + last).join('.')),
          parts.with(i, part.replaceAll('-', '+').replaceAll('_', '/')).join('.'),
        ]);
      for (const other of spellings.filter((text) => text !== token)) {
        if (bytes(other) === bytes(token)) same++;
        expect([other, await links.open(other, NOW)]).toEqual([other, undefined]);
      }
    }
    expect(same).toBeGreaterThan(100);
  });

  it('outlive a change of keys as long as the old key is listed', async () => {
    const old = await links.make(claims, LATER);
    const rotated = new LinkTokens(`b:${key(2)},a:${key(1)}`);
    expect(await rotated.open(old, NOW)).toEqual(claims);
    const fresh = await rotated.make(claims, LATER);
    expect(await rotated.open(fresh, NOW)).toEqual(claims);
    expect(await links.open(fresh, NOW)).toBeUndefined();
    expect(await new LinkTokens(`a:${key(3)}`).open(old, NOW)).toBeUndefined();
  });

  it('are for this purpose only, and never without an end', async () => {
    const make = (audience: string, typ: string, expires: boolean) => {
      const jwt = new EncryptJWT({ o: 'W1', m: 'mer_1', n: 'n' })
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid: 'a', typ })
        .setAudience(audience);
      return (expires ? jwt.setExpirationTime(LATER) : jwt).encrypt(Buffer.from(key(1), 'base64'));
    };
    expect(await links.open(await make('waco.checkout-link.v1', 'waco-link+jwe', true), NOW)).toBeDefined();
    expect(
      await links.open(await make('waco.password-reset.v1', 'waco-link+jwe', true), NOW),
    ).toBeUndefined();
    expect(await links.open(await make('waco.checkout-link.v1', 'JWT', true), NOW)).toBeUndefined();
    expect(
      await links.open(await make('waco.checkout-link.v1', 'waco-link+jwe', false), NOW),
    ).toBeUndefined();
  });

  it('need keys of 32 bytes, and say so by the setting’s name', () => {
    for (const bad of ['', 'a', 'a:c2hvcnQ=', key(1)]) {
      expect(() => new LinkTokens(bad)).toThrow(/^CHECKOUT_LINK_KEYS must be/);
    }
  });
});
