import { Module, type DynamicModule } from '@nestjs/common';
import { DATABASE_READY, WebhookSecrets } from '#persistence';
import { serviceModules } from '#service';
import { Budgets, type Allowance } from './budgets.js';
import type { IngestGatewayEnv } from './env.js';
import { Reception } from './http/reception.js';
import { Intake } from './intake.js';
import { MerchantRoutes } from './merchant-routes.js';
import { AccountWebhooks } from './sources/account-webhooks.js';
import { AppWebhooks } from './sources/app-webhooks.js';
import { Sources } from './sources/sources.js';
import { WebhookBook } from './webhook-book.js';

/** Of one merchant; more would fill the connections that all of them share. */
const AT_ONCE = 32;

function allowanceOf(env: IngestGatewayEnv): Allowance {
  return {
    itemsPerMinute: env.WEBHOOK_ITEMS_PER_MINUTE,
    bytesPerMinute: env.WEBHOOK_KILOBYTES_PER_MINUTE * 1_024,
    atOnce: AT_ONCE,
  };
}

/** Takes webhooks in: verifies, splits, journals, acknowledges. Applies nothing itself. */
@Module({})
export class IngestGatewayModule {
  static forRoot(env: IngestGatewayEnv): DynamicModule {
    return {
      module: IngestGatewayModule,
      imports: serviceModules({
        service: 'ingest-gateway',
        env,
        entities: [],
        // Without its queue it still journals and acknowledges; the services' sweeps find the work.
        checks: [DATABASE_READY],
      }),
      providers: [
        Intake,
        MerchantRoutes,
        Reception,
        WebhookSecrets,
        AppWebhooks,
        AccountWebhooks,
        Sources,
        WebhookBook,
        { provide: Budgets, useFactory: () => new Budgets(allowanceOf(env)) },
      ],
    };
  }
}
