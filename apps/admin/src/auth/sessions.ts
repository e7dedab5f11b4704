import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Caller, KeyVerdict } from '#core/tenancy';
import { KEY_RING } from '#persistence';
import { CLOCK, type Clock, type KeyRing } from '#platform';
import { bearerKey } from './access.js';
import { AuditLog } from '../audit/audit-log.js';
import { requestContext } from '../http/request-context.js';
import { ApiKeyStore } from './api-key.store.js';
import { PresentedKeys } from './presented-keys.js';
import {
  cookieValue,
  readSession,
  SESSION_COOKIE,
  SESSION_MS,
  sessionCookie,
  signSession,
} from './session.js';

export type LoginResult =
  { outcome: 'opened'; cookie: string } | { outcome: 'refused'; message: string } | { outcome: 'too-many' };

/** Operators in a browser: a key opens a session of eight hours, which ends at once when the key is revoked. */
@Injectable()
export class Sessions {
  constructor(
    private readonly keys: ApiKeyStore,
    private readonly presented: PresentedKeys,
    private readonly audit: AuditLog,
    @Inject(KEY_RING) private readonly ring: KeyRing,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async open(key: string, secure: boolean): Promise<LoginResult> {
    const verdict = await this.presented.judge(key);
    if (verdict.outcome === 'too-many') return verdict;
    if (verdict.outcome === 'accepted' && verdict.caller.kind === 'operator') {
      const known = requestContext();
      if (known) known.caller = verdict.caller;
      const { keyId: target } = verdict.caller;
      await this.audit.note({ merchantId: null, action: 'console.login', target });
      const expiresAt = new Date(this.clock.now().getTime() + SESSION_MS);
      const text = signSession({ keyId: verdict.caller.keyId, expiresAt }, this.ring);
      return { outcome: 'opened', cookie: sessionCookie(text, SESSION_MS, secure) };
    }
    return { outcome: 'refused', message: messageFor(verdict) };
  }

  /** The operator behind a browser's cookie or an Authorization header. */
  async operator(request: Pick<FastifyRequest, 'headers'>): Promise<Caller | undefined> {
    const key = bearerKey(request.headers.authorization);
    const verdict = key ? await this.presented.judge(key) : await this.resume(request.headers.cookie);
    return verdict?.outcome === 'accepted' && verdict.caller.kind === 'operator' ? verdict.caller : undefined;
  }

  private async resume(cookies: string | undefined) {
    const text = cookieValue(cookies, SESSION_COOKIE);
    const session = text ? readSession(text, this.ring, this.clock.now()) : undefined;
    return session && this.keys.judge(session.keyId, new Date(session.expiresAt.getTime() - SESSION_MS));
  }
}

function messageFor(verdict: KeyVerdict): string {
  if (verdict.outcome === 'accepted') return "This is a merchant's key. The console needs an operator key.";
  switch (verdict.reason) {
    case 'expired':
      return 'This key has expired. Ask for a new one.';
    case 'revoked':
      return 'This key has been revoked. Ask for a new one.';
    case 'unknown':
      return 'This key is not known here. Check that you pasted all of it.';
  }
}
