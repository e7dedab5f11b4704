import { createHmac } from 'node:crypto';
import { safeEqual, type KeyRing } from '#platform';

export const SESSION_COOKIE = 'waco_session';
export const SESSION_MS = 8 * 3_600_000;

export interface Session {
  keyId: string;
  expiresAt: Date;
}

/** `<key id>.<expiry in ms>.<signature>`: signed, not secret, and good only while its key is. */
export function signSession(session: Session, ring: KeyRing): string {
  const body = `${session.keyId}.${session.expiresAt.getTime()}`;
  return `${body}.${signature(body, ring.keys.get(ring.current)!)}`;
}

/** Undefined for anything that is not a session of ours that is still running. */
export function readSession(text: string, ring: KeyRing, now: Date): Session | undefined {
  const match = /^(key_[a-z0-9]+)\.(\d{1,15})\.([0-9a-f]{64})$/.exec(text);
  if (!match) return undefined;
  const [, keyId, expires, given] = match as unknown as [string, string, string, string];
  const signed = [...ring.keys.values()].some((key) =>
    safeEqual(signature(`${keyId}.${expires}`, key), given),
  );
  const expiresAt = new Date(Number(expires));
  return signed && expiresAt > now ? { keyId, expiresAt } : undefined;
}

/** Its own key, made from the master key: a session's signature is of no use anywhere else. */
function signature(body: string, master: Buffer): string {
  const key = createHmac('sha256', master).update('waco admin session').digest();
  return createHmac('sha256', key).update(body).digest('hex');
}

export function cookieValue(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}

/** `maxAgeMs` 0 removes the cookie. */
export function sessionCookie(value: string, maxAgeMs: number, secure: boolean): string {
  const parts = [`${SESSION_COOKIE}=${value}`, 'Path=/', 'HttpOnly', 'SameSite=Strict'];
  parts.push(`Max-Age=${Math.floor(maxAgeMs / 1_000)}`);
  if (secure) parts.push('Secure');
  return parts.join('; ');
}
