import { createParamDecorator, Injectable, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { GraphError, unknownPath, unsupported } from './graph-error.js';
import { MetaStore } from './meta-store.js';
import type { Page, PhoneNumber, Waba } from './model.js';

const VERSION = /^v\d{2}\.0$/;

/** What every call says besides its own parameters. */
export interface GraphCall {
  method: string;
  version: string;
  id: string;
  token?: string;
  /** Where the caller reaches this server. */
  origin: string;
}

export const Call = createParamDecorator((_data: unknown, context: ExecutionContext): GraphCall => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  const { version = '', id = '' } = request.params as { version?: string; id?: string };
  return {
    method: request.method,
    version,
    id,
    token: bearer(request.headers.authorization),
    origin: `${request.protocol}://${request.host}`,
  };
});

export function bearer(authorization: string | undefined): string | undefined {
  return /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
}

/** Whose token it is, and what that token may see. A token of another account sees nothing of this one. */
@Injectable()
export class GraphAccess {
  constructor(private readonly store: MetaStore) {}

  /** Undefined unless the token is a page's. */
  pageOf(call: GraphCall): Page | undefined {
    const page = this.store.pages.all().find((p) => p.accessToken === call.token);
    if (!page) return undefined;
    checkVersion(call);
    if (call.id !== page.pageId) throw unsupported(call.method, call.id);
    return page;
  }

  /** The accounts that the token opens. */
  find(token: string | undefined): Waba[] {
    return this.store.wabas.all().filter((waba) => waba.accessToken === token);
  }

  /** The same. @throws GraphError when there is none. */
  accounts({ token }: GraphCall): Waba[] {
    const known = this.find(token);
    if (known.length > 0) return known;
    throw new GraphError(190, 'The access token could not be decrypted or has expired');
  }

  /** The account, or the number of one, with the id that is called on. */
  open(call: GraphCall): { waba: Waba; number?: PhoneNumber } {
    checkVersion(call);
    for (const waba of this.accounts(call)) {
      if (waba.wabaId === call.id) return { waba };
      const number = waba.phoneNumbers.find((n) => n.id === call.id);
      if (number) return { waba, number };
    }
    throw unsupported(call.method, call.id);
  }

  openWaba(call: GraphCall): Waba {
    const { waba, number } = this.open(call);
    if (number) throw unsupported(call.method, call.id);
    return waba;
  }

  openNumber(call: GraphCall): { waba: Waba; number: PhoneNumber } {
    const { waba, number } = this.open(call);
    if (!number) throw unsupported(call.method, call.id);
    return { waba, number };
  }
}

export function checkVersion({ version, id }: GraphCall): void {
  if (!VERSION.test(version)) throw unknownPath(`/${version}/${id}`);
}
