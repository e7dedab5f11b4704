import type { FastifyRequest } from 'fastify';
import type { ApiScope, Caller } from '#core/tenancy';
import { defaultScope } from '../http/access.js';

/** Routes of the board that show something, and those that help to repair something. */
const OFFERED = new Set([
  ...[
    '/',
    '/static/*',
    '/metrics-history',
    '/job-schedulers',
    '/queue/:queueName',
    '/queue/:queueName/:jobId',
    '/api/redis/stats',
    '/api/queues',
    '/api/job-schedulers',
    '/api/queues/:queueName/metrics',
    '/api/queues/:queueName/default-job-options',
    '/api/queues/:queueName/workers',
    '/api/queues/:queueName/rate-limit',
    '/api/queues/:queueName/job-data-schema',
    '/api/queues/:queueName/:jobId',
    '/api/queues/:queueName/:jobId/logs',
    '/api/queues/:queueName/:jobId/flow',
  ].map((path) => `GET ${path}`),
  ...[
    '/api/queues/pause',
    '/api/queues/resume',
    '/api/queues/:queueName/pause',
    '/api/queues/:queueName/resume',
    '/api/queues/:queueName/retry/:queueStatus',
    '/api/queues/:queueName/promote',
    '/api/queues/:queueName/clean/:queueStatus',
    '/api/queues/:queueName/:jobId/retry',
    '/api/queues/:queueName/:jobId/promote',
    '/api/queues/:queueName/:jobId/clean',
  ].map((path) => `PUT ${path}`),
]);
/** One page of a queue shows no more jobs than this. */
const MOST_JOBS = 100;

export type BoardVerdict =
  | { outcome: 'allowed' }
  /** The key does not have this scope. */
  | { outcome: 'scope-missing'; scope: ApiScope }
  | { outcome: 'not-offered' }
  | { outcome: 'too-many-jobs'; most: number };

/**
 * Whether a caller may ask the board, which is mounted at `base`, for this. Scopes are those of the API: one to look,
 * another for anything else. A route that is not on the list above is refused to everybody, so that a later version of
 * the board opens nothing. Jobs are not added or changed by hand, since a job is a wake-up and the work itself stands
 * in the journal. Queues are not emptied or obliterated, since that only delays the work until a sweep finds it. Rates,
 * places and schedules are set by the services.
 */
export function judgeBoardRequest(request: FastifyRequest, base: string, caller: Caller): BoardVerdict {
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const scope = defaultScope(method);
  if (!caller.scopes.includes(scope)) return { outcome: 'scope-missing', scope };
  const route = (request.routeOptions.url ?? '').slice(base.length) || '/';
  const { queueStatus } = request.params as { queueStatus?: string };
  const cleansOthers = route.includes('/clean/:queueStatus') && queueStatus !== 'failed';
  if (!OFFERED.has(`${method} ${route}`) || cleansOthers) return { outcome: 'not-offered' };
  const { jobsPerPage } = request.query as { jobsPerPage?: unknown };
  const tooMany = jobsPerPage !== undefined && !(Number(jobsPerPage) <= MOST_JOBS);
  return tooMany ? { outcome: 'too-many-jobs', most: MOST_JOBS } : { outcome: 'allowed' };
}

/** The board's list of queues without its buttons, for callers that may only look. */
export function withoutButtons(answer: unknown): unknown {
  const { queues } = (answer ?? {}) as { queues?: object[] };
  if (!Array.isArray(queues)) return answer;
  return {
    ...(answer as object),
    queues: queues.map((queue) => ({ ...queue, readOnlyMode: true, allowRetries: false })),
  };
}
