import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { concatMap, type Observable } from 'rxjs';
import { AuditLog, type Deed } from '../audit/audit-log.js';
import { requestContext } from '../request-context.js';
import type { AdminRequest } from './access.js';

const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * A change that succeeded without a row in the audit log gets one here: no route can forget it. So does an answer that
 * shows personal data in full: it is given when the row is there.
 */
@Injectable()
export class AuditInterceptor implements NestInterceptor {
  constructor(private readonly log: AuditLog) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<AdminRequest>();
    if (!request.caller) return next.handle();
    return next.handle().pipe(
      concatMap(async (answer: unknown) => {
        const known = requestContext();
        if (known?.unmasked) await this.log.note(showing(request, answer));
        const changes = !READING.has(request.method);
        if (changes && known?.audited === 0 && !known.replayed) await this.log.note(deedOf(request));
        return answer;
      }),
    );
  }
}

function deedOf(request: AdminRequest): Deed {
  const { caller } = request;
  const named = (request.params as { merchantId?: string }).merchantId;
  return {
    merchantId: named ?? (caller?.kind === 'merchant' ? caller.merchantId : null),
    action: `${request.method} ${request.routeOptions.url ?? ''}`,
    target: request.url.split('?')[0]!,
  };
}

/** Not what was searched for: that may be a phone number. */
function showing(request: AdminRequest, answer: unknown): Deed {
  const { items } = answer as { items?: unknown };
  const deed = { ...deedOf(request), action: 'people.unmask' };
  return Array.isArray(items) ? { ...deed, after: { items: items.length } } : deed;
}
