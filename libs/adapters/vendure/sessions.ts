import { createHash } from 'node:crypto';

/** The headers that say who is calling. */
export type SessionHeaders = Record<string, string>;

const MOST = 5_000;

/**
 * Sessions of shops that are logged in to by user name and password. Whoever makes a store for each call shares one of
 * these between them, so that not each call logs in.
 */
export class VendureSessions {
  private readonly sessions = new Map<string, Promise<SessionHeaders>>();

  /** The session of this account, opened by `logIn` when there is none. */
  open(account: readonly string[], logIn: () => Promise<SessionHeaders>): Promise<SessionHeaders> {
    const key = keyOf(account);
    const known = this.sessions.get(key);
    if (known) return known;
    const session = logIn().catch((error: unknown) => {
      this.forget(account, session);
      throw error;
    });
    if (this.sessions.size >= MOST) this.sessions.delete(this.sessions.keys().next().value!);
    this.sessions.set(key, session);
    return session;
  }

  /** The session was refused. One that somebody else has opened since then stays. */
  forget(account: readonly string[], session: Promise<SessionHeaders>): void {
    const key = keyOf(account);
    if (this.sessions.get(key) === session) this.sessions.delete(key);
  }
}

/** Not the password itself. */
function keyOf(account: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(account)).digest('base64');
}
