import { BaseExceptionFilter } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { bootService } from '#platform';
import { dialog360Failure } from './dialog360/dialog360-error.js';
import type { SandboxEnv } from './env.js';
import { graphFailure, lookasideFailure } from './meta/graph-error.js';
import { SandboxModule } from './sandbox.module.js';
import { storeFailure } from './shop/store-problem.js';
import { stripeFailure } from './stripe/stripe-error.js';
import { servePages } from './world/pages.js';
import { publicFolder } from './world/public-folder.js';
import { sendAnswer, vendorAnswer, VendorErrors } from './world/vendor-errors.js';

const VENDOR_SHAPES = {
  '/graph': graphFailure,
  '/lookaside': lookasideFailure,
  '/360dialog': dialog360Failure,
  '/v1': stripeFailure,
  '/shops': storeFailure,
};

/**
 * Starts the sandbox. Port 0 takes a free one.
 * @throws Error in production: anybody who reaches it may write as any customer, and let any payment succeed.
 */
export async function startSandbox(env: SandboxEnv): Promise<NestFastifyApplication> {
  if (env.NODE_ENV === 'production') {
    throw new Error('the sandbox is for development and tests: set NODE_ENV, which is production unless set');
  }
  return bootService({
    service: 'sandbox',
    module: SandboxModule.forRoot(env),
    env,
    answersErrors: true,
    bodyLimit: 4 * 1_048_576,
    badAddress: (request, reply) => {
      const answer = vendorAnswer(VENDOR_SHAPES, request, 404);
      if (answer) sendAnswer(reply, answer);
      return answer !== undefined;
    },
    configure: (app) => {
      // Files are read by the routes that take them, once they know who sends.
      const fastify = app.getHttpAdapter().getInstance();
      fastify.addContentTypeParser('multipart/form-data', (_request, _body, done) => done(null));
      const nest = new BaseExceptionFilter(app.getHttpAdapter());
      app.useGlobalFilters(new VendorErrors(VENDOR_SHAPES, nest.catch.bind(nest)));
      servePages(app, publicFolder(import.meta.url));
    },
  });
}
