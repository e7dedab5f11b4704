import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, hmacSha256, type Clock } from '#platform';
import { AuditLog } from '../audit/audit-log.js';
import { SESSION_SECRET } from './session.store.js';

const MINUTE_MS = 60_000;
/** More refusals than this in a minute of one process are counted, and not written down one by one. */
const ROWS_A_MINUTE = 10;

/** Sign-ins that were refused, in the audit log. The log is kept for good: it holds neither keys nor addresses. */
@Injectable()
export class RefusedLogins {
  private startedAt = -Infinity;
  private written = 0;
  private leftOut = 0;

  constructor(
    private readonly audit: AuditLog,
    @Inject(SESSION_SECRET) private readonly secret: string,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** `why`: a word. `address`: of the caller, of which a keyed hash tells refusals of one caller from others'. */
  async note(why: string, place: '/login' | '/queues', address: string): Promise<void> {
    const now = this.clock.now().getTime();
    if (now - this.startedAt >= MINUTE_MS) {
      this.startedAt = now;
      this.written = 0;
    }
    if (this.written >= ROWS_A_MINUTE) {
      this.leftOut++;
      return;
    }
    this.written++;
    const { leftOut } = this;
    this.leftOut = 0;
    await this.audit.note({
      merchantId: null,
      action: 'console.login-refused',
      target: why,
      after: {
        place,
        from: hmacSha256(this.secret, `address ${address}`).slice(0, 16),
        ...(leftOut > 0 ? { leftOut } : {}),
      },
    });
  }
}
