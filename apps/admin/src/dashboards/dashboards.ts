import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LANES } from '#contracts';
import { maskPeople } from '#platform';
import { Waker } from '#queue';
import { AuditLog } from '../audit/audit-log.js';
import { RefusedLogins } from '../auth/refused-logins.js';
import { Sessions } from '../auth/sessions.js';
import { isForeign } from '../http/foreign-origin.js';
import { sendProblem, toProblem } from '../http/problem.filter.js';
import { problemBody, type Problem } from '../http/problem.js';
import { refusalPage } from '../pages/pages.js';
import { requestContext } from '../request-context.js';
import { judgeBoardRequest, withoutButtons } from './board-access.js';
import { maskAnswer } from './mask-answer.js';

const BASE = '/queues';

/**
 * The queue dashboards under `/queues`, for operators. Its routes are Fastify's, beyond the reach of Nest's guards,
 * so the whole scope stands behind a hook of its own.
 */
export async function mountDashboards(app: NestFastifyApplication): Promise<void> {
  const audit = app.get(AuditLog, { strict: false });
  const admit = admission(app);
  const board = new FastifyAdapter().setBasePath(BASE);
  createBoard(app.get(Waker, { strict: false }), board);
  const server = app.getHttpAdapter().getInstance();
  await server.register(
    async (scope) => {
      scope.addHook('onRequest', admit);
      scope.addHook('onResponse', async (request, reply) => {
        if (request.method === 'GET' || request.method === 'HEAD' || reply.statusCode >= 400) return;
        const target = request.url.split('?')[0]!;
        await audit.note({ merchantId: null, action: `${request.method} ${BASE}`, target });
      });
      scope.addHook('preSerialization', async (_request, _reply, payload) => {
        const mayChange = requestContext()?.caller?.scopes.includes('operations:write');
        return maskAnswer(mayChange ? payload : withoutButtons(payload));
      });
      // The board's page loads a font from another host. Without it that host does not learn of the visit.
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

function createBoard(waker: Waker, board: FastifyAdapter): void {
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
  // The board's own answer would repeat the message of any error, also of a database's.
  board.setErrorHandler((error) => {
    const body = toProblem(error);
    return { status: body.status as 500, body: forBoard(body) };
  });
}

/** Lets operators in whose key has the scope, and says to everybody else why not. */
function admission(app: NestFastifyApplication) {
  const sessions = app.get(Sessions, { strict: false });
  const refused = app.get(RefusedLogins, { strict: false });
  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const visitor = await sessions.visitor(request);
    if (visitor.outcome === 'refused') await refused.note(visitor.why, BASE, request.ip);
    if (visitor.outcome !== 'operator') {
      if (isPage(request)) return reply.redirect(`/login?next=${encodeURIComponent(request.url)}`, 303);
      return refuse(
        request,
        reply,
        problemBody(401, 'login_required', "sign in at /login, or send an operator's key"),
      );
    }
    const { caller } = visitor;
    const known = requestContext();
    if (known) known.caller = caller;
    const verdict = judgeBoardRequest(request, BASE, caller);
    switch (verdict.outcome) {
      case 'scope-missing': {
        const { scope } = verdict;
        if (request.headers.authorization) await refused.note('scope_missing', BASE, request.ip);
        return refuse(request, reply, problemBody(403, 'scope_missing', `this needs a key with ${scope}`));
      }
      case 'not-offered':
        return refuse(
          request,
          reply,
          problemBody(404, 'not_offered', 'this is not done on these dashboards'),
        );
      case 'too-many-jobs':
        return refuse(
          request,
          reply,
          problemBody(400, 'too_many_jobs', `jobsPerPage must be ${verdict.most} or less`),
        );
      case 'allowed':
        if (!isForeign(request)) return undefined;
        return refuse(
          request,
          reply,
          problemBody(403, 'foreign_origin', 'changes are taken from this console only'),
        );
    }
  };
}

function isPage({ method, headers }: FastifyRequest): boolean {
  return method === 'GET' && (headers.accept ?? '').includes('text/html');
}

function refuse(request: FastifyRequest, reply: FastifyReply, body: Problem): FastifyReply {
  if (isPage(request)) {
    return reply.status(body.status).type('text/html; charset=utf-8').send(refusalPage(body));
  }
  sendProblem(reply, forBoard(body));
  return reply;
}

/** The board's own scripts show the field `error`. */
function forBoard(body: Problem): Problem & { error: string } {
  return { ...body, error: body.detail };
}
