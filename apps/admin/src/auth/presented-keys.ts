import { Inject, Injectable } from '@nestjs/common';
import type { KeyVerdict } from '#core/tenancy';
import { CLOCK, type Clock } from '#platform';
import { ApiKeyStore } from './api-key.store.js';
import { LoginThrottle, WINDOW_MS } from './login-throttle.js';
import { RequestCounts } from './request-counts.js';

/** The key of an `Authorization: Bearer` header. */
export function bearerKey(header: string | undefined): string | undefined {
  return /^Bearer ([\x21-\x7e]{1,512})$/i.exec(header ?? '')?.[1];
}

/** Keys as they are presented, at the API or at the login: guessing gets slower with every wrong one. */
@Injectable()
export class PresentedKeys {
  private readonly throttle = new LoginThrottle();

  constructor(
    private readonly keys: ApiKeyStore,
    private readonly counts: RequestCounts,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async judge(key: string): Promise<KeyVerdict | { outcome: 'too-many' }> {
    const verdict = await this.keys.verify(key);
    // A key that was good once is no guess.
    if (verdict.outcome === 'accepted' || verdict.reason !== 'unknown') return verdict;
    return (await this.wrong()) ? verdict : { outcome: 'too-many' };
  }

  /** Holds the answer to a wrong key; false: too many wait already. */
  wrong(): Promise<boolean> {
    return this.throttle.hold(this.clock.now(), () => this.counts.recent('wrong keys', WINDOW_MS));
  }
}
