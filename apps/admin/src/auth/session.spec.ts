import { isSessionId, newSessionId, SessionCookie, sessionHash, sessionSeal } from './session.js';

const SECRET = 'a'.repeat(32);
const session = {
  keyId: 'key_1',
  openedAt: new Date('2026-11-21T10:00:00Z'),
  expiresAt: new Date('2026-11-21T18:00:00Z'),
};

describe("a session's id", () => {
  it('is 32 random bytes', () => {
    const ids = new Set(Array.from({ length: 1_000 }, newSessionId));
    expect(ids.size).toBe(1_000);
    for (const id of ids) expect([isSessionId(id), Buffer.from(id, 'base64url').length]).toEqual([true, 32]);
    for (const other of ['', 'abc', `${newSessionId()}x`, 'key_1.1.2', undefined]) {
      expect(isSessionId(other)).toBe(false);
    }
  });

  it('is stored in a form that nobody can make without the secret, and which nothing of it may change', () => {
    const id = newSessionId();
    expect(sessionHash(id, SECRET)).toBe(sessionHash(id, SECRET));
    const seal = sessionSeal(id, session, SECRET);
    for (const other of [
      sessionSeal(id, session, 'b'.repeat(32)),
      sessionSeal(newSessionId(), session, SECRET),
      sessionSeal(id, { ...session, keyId: 'key_bootstrap' }, SECRET),
      sessionSeal(id, { ...session, expiresAt: new Date(session.expiresAt.getTime() + 1) }, SECRET),
      sessionSeal(id, { ...session, openedAt: new Date(session.openedAt.getTime() + 1) }, SECRET),
      sessionHash(id, SECRET),
    ]) {
      expect(other).not.toBe(seal);
    }
  });
});

describe('the cookie', () => {
  const id = newSessionId();

  it('is out of reach of scripts, other sites, other hosts and plain http in production', () => {
    expect(new SessionCookie(true).holding(id)).toBe(
      `__Host-waco_session=${id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=28800; Secure`,
    );
    expect(new SessionCookie(true).gone()).toBe(
      '__Host-waco_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Secure',
    );
    expect(new SessionCookie(false).holding(id)).toBe(
      `waco_session=${id}; Path=/; HttpOnly; SameSite=Strict; Max-Age=28800`,
    );
  });

  it('is found among others, and is not taken for that of the other kind', () => {
    const [here, there] = [new SessionCookie(false), new SessionCookie(true)];
    expect(here.read(`a=1; waco_session=${id}; b=2`)).toBe(id);
    expect(there.read(`a=1; __Host-waco_session=${id}`)).toBe(id);
    expect(there.read(`waco_session=${id}`)).toBeUndefined();
    expect(here.read(`__Host-waco_session=${id}`)).toBeUndefined();
    expect(here.read(`xwaco_session=${id}`)).toBeUndefined();
    expect(here.read('waco_session=nonsense')).toBeUndefined();
    expect(here.read(`waco_session=nonsense; waco_session=${id}`)).toBe(id);
    expect(here.read(undefined)).toBeUndefined();
  });
});
