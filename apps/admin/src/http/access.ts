import {
  applyDecorators,
  createParamDecorator,
  Injectable,
  SetMetadata,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiExtension } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { mayActFor, type ApiScope, type Caller } from '#core/tenancy';
import { HealthController, MetricsController } from '#platform';
import { bearerKey, PresentedKeys } from '../auth/presented-keys.js';
import { requestContext } from '../request-context.js';
import { problem } from './problem.js';
import { RateLimits } from './rate-limits.js';

const PUBLIC = 'admin:public';
const OPERATOR = 'admin:operator';
const SCOPE = 'admin:scope';

/** Needs no key. */
export const Public = () => SetMetadata(PUBLIC, true);

/** Needs an operator's key. */
export const OperatorOnly = () =>
  applyDecorators(SetMetadata(OPERATOR, true), ApiExtension('x-operators-only', true));

/** Needs a key with this scope. A route without one needs `operations:read` to read and `operations:write` else. */
export const Needs = (scope: ApiScope) =>
  applyDecorators(SetMetadata(SCOPE, scope), ApiExtension('x-required-scope', scope));

export type AdminRequest = FastifyRequest & { caller?: Caller };

/** Who is calling. */
export const Calling = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const { caller } = context.switchToHttp().getRequest<AdminRequest>();
  if (!caller) throw new Error('a public route has no caller');
  return caller;
});

/** These come with the platform library and are for probes and scrapers. */
const OPEN_CONTROLLERS: readonly unknown[] = [HealthController, MetricsController];

/**
 * Stands before every route. A route that names a merchant, in its path (`:merchantId`) or query, is open to
 * operators and to that merchant; anyone else is refused before it is known whether there is such a merchant. Then
 * the key must have the route's scope.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly keys: PresentedKeys,
    private readonly limits: RateLimits,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean>(PUBLIC, targets)) return true;
    if (OPEN_CONTROLLERS.includes(context.getClass())) return true;
    const request = context.switchToHttp().getRequest<AdminRequest>();
    const caller = await this.identify(request);
    request.caller = caller;
    const known = requestContext();
    if (known) known.caller = caller;
    await this.limits.countCaller(request, context.switchToHttp().getResponse<FastifyReply>());
    if (this.reflector.getAllAndOverride<boolean>(OPERATOR, targets) && caller.kind !== 'operator') {
      throw problem(403, 'forbidden', "this needs an operator's key");
    }
    if (!namedMerchants(request).every((merchantId) => mayActFor(caller, merchantId))) {
      throw problem(403, 'forbidden', 'this key belongs to another merchant');
    }
    if (!namedMerchants(request).every((merchantId) => /^\w+$/.test(merchantId))) {
      throw problem(404, 'merchant_not_found', 'there is no such merchant');
    }
    const scope =
      this.reflector.getAllAndOverride<ApiScope | undefined>(SCOPE, targets) ?? defaultScope(request.method);
    if (!caller.scopes.includes(scope)) throw problem(403, 'scope_missing', `this needs a key with ${scope}`);
    return true;
  }

  private async identify(request: FastifyRequest): Promise<Caller> {
    const key = bearerKey(request.headers.authorization);
    if (!key) throw problem(401, 'key_missing', 'send an API key: Authorization: Bearer waco_<id>_<secret>');
    const verdict = await this.keys.judge(key);
    switch (verdict.outcome) {
      case 'accepted':
        return verdict.caller;
      case 'refused':
        throw problem(401, `key_${verdict.reason}`, `this API key is ${verdict.reason}`);
      case 'too-many':
        throw problem(429, 'too_many_wrong_keys', 'too many wrong keys just now: wait a minute');
    }
  }
}

/** What a route needs that names no scope. */
export function defaultScope(method: string): ApiScope {
  return method === 'GET' || method === 'HEAD' ? 'operations:read' : 'operations:write';
}

function namedMerchants(request: FastifyRequest): string[] {
  const { merchantId: inPath } = request.params as { merchantId?: string };
  const { merchantId: inQuery } = request.query as { merchantId?: string | string[] };
  return [inPath, inQuery].flat().filter((id) => id !== undefined);
}
