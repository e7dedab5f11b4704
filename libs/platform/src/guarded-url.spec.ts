import { BAD_ANSWERS, BLOCKED, GOOD } from '../test/url-vectors.js';
import { isPublicAddress } from './guarded-address.js';
import { judgeUrl, urlPolicyFromEnv } from './guarded-url.js';

const strict = { allowPrivate: false };

describe('URLs that merchants supply', () => {
  it('has enough vectors, each once', () => {
    expect(new Set([...BLOCKED, ...BAD_ANSWERS]).size).toBe(BLOCKED.length + BAD_ANSWERS.length);
    expect(BLOCKED.length).toBeGreaterThanOrEqual(100);
    expect(new Set(GOOD).size).toBeGreaterThanOrEqual(50);
  });

  it.each(BLOCKED)('refuses %j', (url) => {
    const verdict = judgeUrl(url, strict);
    expect(verdict.outcome).toBe('refused');
    // The rule may be shown to the merchant and logged: it never quotes.
    if (verdict.outcome === 'refused' && url) expect(verdict.rule).not.toContain(url.trim());
  });

  it.each(GOOD)('allows %s', (url) => {
    expect(judgeUrl(url, strict).outcome).toBe('allowed');
  });

  it.each(BAD_ANSWERS)('takes %s for no public address', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(['', 'shop.example.com', '8.8.8', '8.8.8.8.', '08.8.8.8', '[2606:4700::1]', '2606:4700::1%1'])(
    'takes %j for no address',
    (text) => {
      expect(isPublicAddress(text)).toBe(false);
    },
  );

  it('lets development call its own machine, but nothing that is no http URL', () => {
    const open = { allowPrivate: true };
    expect(judgeUrl('http://localhost:3100/shops/demo', open).outcome).toBe('allowed');
    for (const url of ['file:///etc/passwd', 'http://user:secret@localhost/', 'http://local host/']) {
      expect(judgeUrl(url, open).outcome).toBe('refused');
    }
  });
});

describe('the policy of the environment', () => {
  it.each([
    [{ NODE_ENV: 'production' }, false],
    [{ NODE_ENV: 'production', WACO_ALLOW_PRIVATE_URLS: 'false' as const }, false],
    [{ NODE_ENV: 'development' }, false],
    [{ NODE_ENV: 'development', WACO_ALLOW_PRIVATE_URLS: 'true' as const }, true],
    [{ NODE_ENV: 'test' }, true],
    [{ NODE_ENV: 'test', WACO_ALLOW_PRIVATE_URLS: 'false' as const }, false],
  ])('%j: %s', (env, allowPrivate) => {
    expect(urlPolicyFromEnv(env)).toEqual({ allowPrivate });
  });

  it.each(['production', undefined])(
    'stops the boot when private URLs are open and NODE_ENV is %s',
    (env) => {
      expect(() => urlPolicyFromEnv({ NODE_ENV: env, WACO_ALLOW_PRIVATE_URLS: 'true' })).toThrow(
        'WACO_ALLOW_PRIVATE_URLS',
      );
    },
  );
});
