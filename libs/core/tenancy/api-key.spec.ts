import fc from 'fast-check';
import {
  API_SCOPES,
  BOOTSTRAP_KEY_ID,
  candidateKeyIds,
  formatApiKey,
  hashApiKey,
  mayActFor,
  scopesBeyond,
  scopesByDefault,
  verifyApiKey,
  type StoredApiKey,
} from './api-key.js';

const UNASKED = API_SCOPES.filter((scope) => scope !== 'people:unmask');
const SECRET = 'a1'.repeat(32);
const KEY = formatApiKey('key_0123abc', SECRET);
const NOW = new Date('2026-11-21T10:00:00Z');

function stored(overrides: Partial<StoredApiKey> = {}): StoredApiKey {
  return {
    id: 'key_0123abc',
    merchantId: 'mer_1',
    hash: hashApiKey(KEY),
    scopes: ['merchant'],
    expiresAt: null,
    revokedAt: null,
    ...overrides,
  };
}

describe('API keys', () => {
  it('writes waco_<id>_<secret> and reads the id back', () => {
    expect(KEY).toBe(`waco_0123abc_${SECRET}`);
    expect(candidateKeyIds(KEY)).toEqual(['key_0123abc', BOOTSTRAP_KEY_ID]);
  });

  it('refuses to write a key with a short secret', () => {
    expect(() => formatApiKey('key_1', 'short')).toThrow(/32/);
  });

  it('looks a key of another form up as the bootstrap key only', () => {
    expect(candidateKeyIds('a passphrase of the platform team')).toEqual([BOOTSTRAP_KEY_ID]);
  });

  it('accepts the key whose hash is stored, and no other', () => {
    expect(verifyApiKey(KEY, [stored()], NOW)).toEqual({
      outcome: 'accepted',
      caller: { kind: 'merchant', keyId: 'key_0123abc', merchantId: 'mer_1', scopes: UNASKED },
    });
    fc.assert(
      fc.property(fc.string(), (other) => {
        fc.pre(other !== KEY);
        expect(verifyApiKey(other, [stored()], NOW)).toEqual({ outcome: 'refused', reason: 'unknown' });
      }),
    );
  });

  it('refuses an expired and a revoked key from that moment on', () => {
    const before = new Date(NOW.getTime() + 1);
    expect(verifyApiKey(KEY, [stored({ expiresAt: before })], NOW).outcome).toBe('accepted');
    expect(verifyApiKey(KEY, [stored({ expiresAt: NOW })], NOW)).toEqual({
      outcome: 'refused',
      reason: 'expired',
    });
    expect(verifyApiKey(KEY, [stored({ revokedAt: NOW })], NOW)).toEqual({
      outcome: 'refused',
      reason: 'revoked',
    });
  });

  it("never lets a merchant's key act as an operator, whatever its scopes say", () => {
    const verdict = verifyApiKey(KEY, [stored({ scopes: ['operator', 'merchant'] })], NOW);
    expect(verdict).toMatchObject({ caller: { kind: 'merchant', merchantId: 'mer_1' } });
    expect(verifyApiKey(KEY, [stored({ scopes: ['operator'] })], NOW).outcome).toBe('refused');
    expect(verifyApiKey(KEY, [stored({ merchantId: null, scopes: ['merchant'] })], NOW).outcome).toBe(
      'refused',
    );
  });

  it('has the scopes that are stored and that there are, or all of them', () => {
    const scopesWith = (overrides: Partial<StoredApiKey>) => {
      const verdict = verifyApiKey(KEY, [stored(overrides)], NOW);
      return verdict.outcome === 'accepted' ? verdict.caller.scopes : verdict.reason;
    };
    expect(scopesWith({})).toEqual(UNASKED);
    expect(scopesWith({ merchantId: null, scopes: ['operator'] })).toEqual(API_SCOPES);
    expect(scopesWith({ scopes: ['merchant', 'people:unmask'] })).toEqual(API_SCOPES);
    expect(scopesWith({ scopes: ['audit:read', 'nonsense', 'merchants:read'] })).toEqual([
      'merchants:read',
      'audit:read',
    ]);
    expect(scopesWith({ scopes: ['nonsense'] })).toBe('unknown');
    expect(scopesWith({ merchantId: null, scopes: ['audit:read'] })).toEqual(['audit:read']);
  });

  it('gives unasked what the maker has, and never to see numbers in full to a merchant’s key', () => {
    const merchant = { kind: 'merchant', keyId: 'k', merchantId: 'mer_1' } as const;
    const operator = { kind: 'operator', keyId: 'k' } as const;
    expect(scopesByDefault({ ...operator, scopes: API_SCOPES }, null)).toEqual(['operator']);
    expect(scopesByDefault({ ...operator, scopes: API_SCOPES }, 'mer_1')).toEqual(['merchant']);
    expect(scopesByDefault({ ...merchant, scopes: API_SCOPES }, 'mer_1')).toEqual(['merchant']);
    const few = ['keys:write', 'people:unmask'] as const;
    expect(scopesByDefault({ ...merchant, scopes: few }, 'mer_1')).toEqual(['keys:write']);
    expect(scopesByDefault({ ...operator, scopes: few }, null)).toEqual(few);
  });

  it('gives nothing that the giver does not have', () => {
    const caller = { kind: 'operator', keyId: 'k', scopes: ['keys:write', 'audit:read'] } as const;
    expect(scopesBeyond(caller, ['audit:read'])).toEqual([]);
    expect(scopesBeyond(caller, ['audit:read', 'merchants:write'])).toEqual(['merchants:write']);
  });

  it('lets a merchant act for itself only and an operator for all', () => {
    const merchant = { kind: 'merchant', keyId: 'k', merchantId: 'mer_1', scopes: [] } as const;
    expect(mayActFor(merchant, 'mer_1')).toBe(true);
    expect(mayActFor(merchant, 'mer_2')).toBe(false);
    expect(mayActFor({ kind: 'operator', keyId: 'k', scopes: [] }, 'mer_2')).toBe(true);
  });
});
