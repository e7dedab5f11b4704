import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { problemBody, type Problem } from './problem.js';
import { sendProblem } from './problem.filter.js';

/** The most that a request may bring. */
export interface Bounds {
  /** In bytes. */
  body: number;
  /** Keys of objects and values of any kind, all together, of the body or of the query. */
  values: number;
}

export const BOUNDS: Bounds = { body: 65_536, values: 1_000 };
/** Levels of objects and lists in each other. */
const DEEPEST = 16;

/** Routes that need more: the settings have long lists, and heads of thousands of chains are verified in one call. */
const ROOMY: Readonly<Record<string, Bounds>> = {
  'PUT /v1/merchants/:merchantId/settings': { body: BOUNDS.body, values: 5_000 },
  'PATCH /v1/merchants/:merchantId/settings': { body: BOUNDS.body, values: 5_000 },
  'POST /v1/audit/verify': { body: 1_048_576, values: 40_000 },
};

/**
 * Refuses a body or a query beyond its bounds before anything else looks at it, as checking one takes time that grows
 * faster than its size. Call it before any route is registered.
 */
export function addBounds(app: NestFastifyApplication): void {
  const server = app.getHttpAdapter().getInstance();
  server.addHook('onRoute', (route) => {
    const roomy = [route.method].flat().map((method) => ROOMY[`${method} ${route.url}`]);
    if (roomy[0]) route.bodyLimit = roomy[0].body;
  });
  server.addHook('preValidation', async (request, reply) => {
    const { values } = ROOMY[`${request.method} ${request.routeOptions.url}`] ?? BOUNDS;
    const refusal =
      outOfBounds(request.query, BOUNDS.values, 'the query') ?? outOfBounds(request.body, values, 'the body');
    if (!refusal) return undefined;
    sendProblem(reply, refusal);
    return reply;
  });
}

/** Looks at no more than may be there. */
export function outOfBounds(value: unknown, most: number, what: string): Problem | undefined {
  let count = 1;
  const open: [value: unknown, depth: number][] = [[value, 1]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [outer, depth] = next;
    if (typeof outer !== 'object' || outer === null) continue;
    if (depth > DEEPEST) {
      return problemBody(400, 'nested_too_deeply', `${what} is nested more than ${DEEPEST} levels deep`);
    }
    const isList = Array.isArray(outer);
    for (const key in outer) {
      if (!Object.hasOwn(outer, key)) continue;
      count += isList ? 1 : 2;
      if (count > most) {
        return problemBody(400, 'too_many_fields', `${what} has more than ${most} keys and values in all`);
      }
      open.push([(outer as Record<string, unknown>)[key], depth + 1]);
    }
  }
  return undefined;
}
