import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Caller, KeyVerdict } from '#core/tenancy';
import { ENV } from '#platform';
import { AuditLog } from '../audit/audit-log.js';
import type { AdminEnv } from '../env.js';
import { requestContext } from '../request-context.js';
import { bearerKey, PresentedKeys } from './presented-keys.js';
import { SessionCookie } from './session.js';
import { SessionStore } from './session.store.js';

export type LoginResult =
  { outcome: 'opened'; cookie: string } | { outcome: 'refused'; why: string; message: string };

/** The caller of a page. `refused`: a key that opens nothing here. */
export type Visitor =
  { outcome: 'operator'; caller: Caller } | { outcome: 'nobody' } | { outcome: 'refused'; why: string };

/**
 * Operators in a browser: a key opens a session of eight hours, which ends when it is not used for one, and at once
 * with its key.
 */
@Injectable()
export class Sessions {
  private readonly cookie: SessionCookie;

  constructor(
    private readonly store: SessionStore,
    private readonly presented: PresentedKeys,
    private readonly audit: AuditLog,
    @Inject(ENV) env: AdminEnv,
  ) {
    this.cookie = new SessionCookie(env.NODE_ENV === 'production');
  }

  /** Gives a new id each time. The session that the browser had before ends. */
  async open(key: string, cookies: string | undefined): Promise<LoginResult> {
    const verdict = await this.presented.judge(key);
    if (verdict.outcome !== 'accepted' || verdict.caller.kind !== 'operator') {
      const why = whyRefused(verdict);
      return { outcome: 'refused', why, message: MESSAGES[why] };
    }
    await this.close(cookies);
    const known = requestContext();
    if (known) known.caller = verdict.caller;
    const { keyId } = verdict.caller;
    await this.audit.note({ merchantId: null, action: 'console.login', target: keyId });
    return { outcome: 'opened', cookie: this.cookie.holding(await this.store.open(keyId)) };
  }

  /** Ends the session of these cookies, and gives the one that takes it from the browser. */
  async close(cookies: string | undefined): Promise<string> {
    const id = this.cookie.read(cookies);
    if (id) await this.store.close(id);
    return this.cookie.gone();
  }

  /** The caller by an Authorization header, or by a browser's cookie. */
  async visitor({ headers }: Pick<FastifyRequest, 'headers'>): Promise<Visitor> {
    const key = bearerKey(headers.authorization);
    const id = this.cookie.read(headers.cookie);
    if (!key && !id) return { outcome: 'nobody' };
    const verdict = key ? await this.presented.judge(key) : await this.store.judge(id!);
    if (verdict.outcome === 'accepted' && verdict.caller.kind === 'operator') {
      return { outcome: 'operator', caller: verdict.caller };
    }
    return key ? { outcome: 'refused', why: whyRefused(verdict) } : { outcome: 'nobody' };
  }
}

type WhyRefused = 'merchant_key' | 'too_many' | Extract<KeyVerdict, { outcome: 'refused' }>['reason'];

function whyRefused(verdict: KeyVerdict | { outcome: 'too-many' }): WhyRefused {
  switch (verdict.outcome) {
    case 'accepted':
      return 'merchant_key';
    case 'too-many':
      return 'too_many';
    case 'refused':
      return verdict.reason;
  }
}

const MESSAGES: Record<WhyRefused, string> = {
  merchant_key: "This is a merchant's key. The console needs an operator key.",
  expired: 'This key has expired. Ask for a new one.',
  revoked: 'This key has been revoked. Ask for a new one.',
  unknown: 'This key is not known here. Check that you pasted all of it.',
  too_many: 'Too many wrong keys just now. Wait a minute and try again.',
};
