import { parseKeyRing } from '#platform';
import { cookieValue, readSession, sessionCookie, signSession } from './session.js';

const key = (fill: number): string => Buffer.alloc(32, fill).toString('base64');
const ring = parseKeyRing(`a:${key(1)}`);
const NOW = new Date('2026-11-21T10:00:00Z');
const LATER = new Date(NOW.getTime() + 1_000);

describe('sessions', () => {
  const text = signSession({ keyId: 'key_1', expiresAt: LATER }, ring);

  it('reads back what it signed until it expires', () => {
    expect(readSession(text, ring, NOW)).toEqual({ keyId: 'key_1', expiresAt: LATER });
    expect(readSession(text, ring, LATER)).toBeUndefined();
  });

  it('refuses a session that was changed, or signed with a key that is not in the ring', () => {
    expect(readSession(text.replace('key_1', 'key_2'), ring, NOW)).toBeUndefined();
    const longer = text.replace(String(LATER.getTime()), String(LATER.getTime() + 1));
    expect(readSession(longer, ring, NOW)).toBeUndefined();
    expect(readSession(text, parseKeyRing(`b:${key(2)}`), NOW)).toBeUndefined();
    expect(readSession('', ring, NOW)).toBeUndefined();
  });

  it('survives a rotation of the master key', () => {
    expect(readSession(text, parseKeyRing(`b:${key(2)},a:${key(1)}`), NOW)?.keyId).toBe('key_1');
  });

  it('finds its cookie among others', () => {
    expect(cookieValue('a=1; waco_session=abc; b=2', 'waco_session')).toBe('abc');
    expect(cookieValue('xwaco_session=abc', 'waco_session')).toBeUndefined();
    expect(cookieValue(undefined, 'waco_session')).toBeUndefined();
  });

  it('is out of reach of scripts and of other sites', () => {
    const cookie = sessionCookie('v', 60_000, true);
    expect(cookie).toBe('waco_session=v; Path=/; HttpOnly; SameSite=Strict; Max-Age=60; Secure');
    expect(sessionCookie('v', 60_000, false)).not.toContain('Secure');
  });
});
