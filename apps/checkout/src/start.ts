import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { bootService } from '#platform';
import { connectJobs } from '#queue';
import { CheckoutModule } from './checkout.module.js';
import type { CheckoutEnv } from './env.js';

/** Starts the service. Port 0 takes a free one. */
export function startCheckout(env: CheckoutEnv): Promise<NestFastifyApplication> {
  return bootService({
    service: 'checkout',
    module: CheckoutModule.forRoot(env),
    env,
    configure: (app) => connectJobs(app, 'checkout'),
  });
}
