import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ENV, type BaseEnv } from '#platform';

/** This service's own pages: no scripts at all. */
const PAGES = `default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;
/** API page and queue dashboards: their own scripts, styles that they write themselves, nothing from elsewhere. */
const TOOLS = `default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'`;

export function securityHeaders(path: string): Record<string, string> {
  const tool = /^\/(docs|queues)(\/|$|\?)/.test(path);
  return {
    'content-security-policy': tool ? TOOLS : PAGES,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  };
}

/**
 * Puts them on every answer, error pages included. Answers are kept by no cache unless they say so themselves. In
 * production every answer asks browsers to stay on https.
 */
export function addSecurityHeaders(app: NestFastifyApplication): void {
  const { NODE_ENV } = app.get<BaseEnv>(ENV, { strict: false });
  const server = app.getHttpAdapter().getInstance();
  server.addHook('onRequest', (request, reply, done) => {
    void reply.headers(securityHeaders(request.url));
    if (NODE_ENV === 'production') {
      void reply.header('strict-transport-security', 'max-age=31536000; includeSubDomains');
    }
    done();
  });
  server.addHook('onSend', (_request, reply, payload, done) => {
    if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store');
    done(null, payload);
  });
}
