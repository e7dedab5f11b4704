import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LANES } from '#contracts';
import { maskPeople } from '#platform';
import { Waker } from '#queue';
import { AuditLog } from '../audit/audit-log.js';
import { Sessions } from '../auth/sessions.js';
import { sendProblem } from '../http/problem.filter.js';
import { problemBody } from '../http/problem.js';
import { requestContext } from '../http/request-context.js';
import { maskAnswer } from './mask-answer.js';

const BASE = '/queues';

/**
 * The queue dashboards under `/queues`, for operators. Its routes are Fastify's, beyond the reach of Nest's guards,
 * so the whole scope stands behind a hook of its own.
 */
export async function mountDashboards(app: NestFastifyApplication): Promise<void> {
  const waker = app.get(Waker, { strict: false });
  const sessions = app.get(Sessions, { strict: false });
  const audit = app.get(AuditLog, { strict: false });
  const board = new FastifyAdapter().setBasePath(BASE);
  createBullBoard({
    queues: LANES.map(({ name, queue: { owner, kind }, crowd }) => {
      const how = kind === 'ordered' ? 'one stream after the other' : 'tasks side by side';
      const whose = crowd ? ', of merchants with more than their share' : '';
      const adapter = new BullMQAdapter(waker.queue(name) as never, {
        description: `${owner}: ${how}${whose}`,
      });
      // A thread's stream ends in the person's number.
      adapter.setFormatter('data', (data: unknown) => JSON.parse(maskPeople(JSON.stringify(data ?? null))));
      return adapter;
    }),
    // Each package brings its own copy of the same types, which TypeScript holds to be different.
    serverAdapter: board as never,
    options: {
      uiConfig: {
        boardTitle: 'Waco',
        boardLogo: { path: '/assets/icon.svg', width: 28, height: 28 },
        favIcon: { default: '/assets/icon.svg', alternative: '/assets/icon.svg' },
        miscLinks: [{ text: 'Console', url: '/' }],
      },
    },
  });
  const server = app.getHttpAdapter().getInstance();
  await server.register(
    async (scope) => {
      scope.addHook('onRequest', async (request, reply) => {
        const caller = await sessions.operator(request);
        if (!caller) return refuse(request, reply);
        const known = requestContext();
        if (known) known.caller = caller;
        if (isForeign(request)) {
          sendProblem(reply, problemBody(403, 'foreign_origin', 'changes are taken from this console only'));
        }
        return undefined;
      });
      scope.addHook('onResponse', async (request, reply) => {
        if (request.method === 'GET' || request.method === 'HEAD' || reply.statusCode >= 400) return;
        const target = request.url.split('?')[0]!;
        await audit.note({ merchantId: null, action: `${request.method} ${BASE}`, target });
      });
      scope.addHook('preSerialization', async (_request, _reply, payload) => maskAnswer(payload));
      // The board's page asks for a font elsewhere; it looks well without, and nobody else learns who looks.
      scope.addHook('onSend', async (_request, reply, payload) =>
        typeof payload === 'string' && String(reply.getHeader('content-type')).startsWith('text/html')
          ? payload.replace(/<link href="https:\/\/fonts\.googleapis\.com[^>]*>/, '')
          : payload,
      );
      await scope.register(board.registerPlugin());
    },
    { prefix: BASE },
  );
}

function refuse(request: FastifyRequest, reply: FastifyReply): unknown {
  const wantsPage = request.method === 'GET' && (request.headers.accept ?? '').includes('text/html');
  if (wantsPage) return reply.redirect(`/login?next=${encodeURIComponent(request.url)}`, 303);
  sendProblem(reply, problemBody(401, 'login_required', "sign in at /login, or send an operator's key"));
  return reply;
}

/** A change asked for by a page of another origin: SameSite keeps other sites out, this keeps other ports out. */
function isForeign(request: FastifyRequest): boolean {
  if (request.method === 'GET' || request.method === 'HEAD') return false;
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin';
  const { origin } = request.headers;
  return origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== request.host);
}
