import { randomBytes } from 'node:crypto';
import { hmacSha256 } from '#platform';

export const SESSION_MS = 8 * 3_600_000;
/** A session that nobody has used for so long is over. */
export const IDLE_MS = 3_600_000;

const ID = /^[\w-]{43}$/;

export function newSessionId(): string {
  return randomBytes(32).toString('base64url');
}

export function isSessionId(text: string | undefined): text is string {
  return text !== undefined && ID.test(text);
}

/** A session as it is stored. The row does not tell the id, and no row can be made for an id without the secret. */
export interface StoredSession {
  idHash: string;
  /** Holds key and times to the id: a row that somebody changed opens nothing. */
  seal: string;
  keyId: string;
  openedAt: Date;
  expiresAt: Date;
}

export function sessionHash(id: string, secret: string): string {
  return hmacSha256(secret, `session id ${id}`);
}

export function sessionSeal(
  id: string,
  { keyId, openedAt, expiresAt }: Pick<StoredSession, 'keyId' | 'openedAt' | 'expiresAt'>,
  secret: string,
): string {
  return hmacSha256(secret, `session ${id} ${keyId} ${openedAt.getTime()} ${expiresAt.getTime()}`);
}

/**
 * Where a browser keeps a session's id. In production the prefix makes browsers refuse it over http, for other paths
 * and from other hosts of the domain (RFC 6265bis, 4.1.3.2). In development the console is plain http on localhost.
 */
export class SessionCookie {
  private readonly name: string;

  constructor(private readonly production: boolean) {
    this.name = production ? '__Host-waco_session' : 'waco_session';
  }

  holding(id: string): string {
    return this.write(id, SESSION_MS);
  }

  /** Takes it from the browser. */
  gone(): string {
    return this.write('', 0);
  }

  /** The id in a `Cookie` header. A value of another form is ignored. */
  read(header: string | undefined): string | undefined {
    for (const part of (header ?? '').split(';')) {
      const at = part.indexOf('=');
      if (at < 0 || part.slice(0, at).trim() !== this.name) continue;
      const value = part.slice(at + 1).trim();
      if (isSessionId(value)) return value;
    }
    return undefined;
  }

  private write(value: string, maxAgeMs: number): string {
    const parts = [`${this.name}=${value}`, 'Path=/', 'HttpOnly', 'SameSite=Strict'];
    parts.push(`Max-Age=${Math.floor(maxAgeMs / 1_000)}`);
    if (this.production) parts.push('Secure');
    return parts.join('; ');
  }
}
