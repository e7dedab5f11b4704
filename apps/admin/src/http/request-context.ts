import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { newId } from '#platform';
import { withRequestContext } from '../request-context.js';

/** Opens a context for each request. A caller's own `X-Request-Id` is kept, if it looks like one. */
export function addRequestContext(app: NestFastifyApplication): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', (request, reply, done) => {
      const given = request.headers['x-request-id'];
      const usable = typeof given === 'string' && /^[\w.-]{8,64}$/.test(given);
      const requestId = usable ? given : newId('req');
      void reply.header('x-request-id', requestId);
      const header = (name: string, value: string): void => void reply.header(name, value);
      withRequestContext({ requestId, audited: 0, replayed: false, unmasked: false, header }, done);
    });
}
