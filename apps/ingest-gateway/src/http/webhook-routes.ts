import type { Server } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Logger } from 'nestjs-pino';
import * as metrics from '../metrics.js';
import type { Places, Route } from '../sources/source.js';
import { Sources } from '../sources/sources.js';
import { openExpressLane } from './express-lane.js';
import { Reception } from './reception.js';

/**
 * The webhook routes stand beside Nest's controllers, in a Fastify scope of their own: they take the body's raw bytes,
 * whatever its content type says, and pass no pipe, guard or interceptor. The busiest of them has an express lane.
 */
export async function webhookRoutes(app: NestFastifyApplication): Promise<void> {
  const sources = app.get(Sources).all();
  const reception = app.get(Reception);
  const log = app.get(Logger);
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;

  for (const source of sources) {
    await fastify.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      // The body stays where it is until the reception has seen the signature.
      scope.addContentTypeParser('*', (_request, _body, done) => done(null));
      scope.setErrorHandler((error: { statusCode?: number }, _request, reply) => {
        // Fastify itself refuses what is no HTTP; anything else is a fault of ours.
        const status = error.statusCode ?? 500;
        if (status >= 500) log.error({ event: 'webhook.fault', err: error });
        metrics.webhooks.inc({ source: source.name, answer: String(status) });
        return reply.code(status).send();
      });
      for (const route of source.routes) {
        scope.post(route.path, { bodyLimit: route.limit }, async (request, reply) => {
          const taker = route.taker(placesOf(request));
          const { status, headers, body } = await reception.take(source.name, route, request.raw, taker);
          return reply
            .code(status)
            .headers(headers ?? {})
            .send(body);
        });
        if (route.handshake) scope.get(route.path, handshakeOf(source.name, route.handshake));
      }
    });
    for (const route of source.routes) {
      if (!route.express) continue;
      const taker = route.taker({});
      openExpressLane(app.getHttpServer() as Server, route.path, (request) =>
        reception.take(source.name, route, request, taker),
      );
    }
  }
}

function handshakeOf(source: string, challengeOf: NonNullable<Route['handshake']>) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const challenge = await challengeOf(request.query, placesOf(request));
    const status = challenge === undefined ? 403 : 200;
    metrics.webhooks.inc({ source, answer: String(status) });
    return reply
      .code(status)
      .type('text/plain')
      .send(challenge ?? '');
  };
}

function placesOf(request: FastifyRequest): Places {
  return request.params as Places;
}
