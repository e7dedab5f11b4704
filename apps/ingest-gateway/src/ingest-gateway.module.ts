import { Module, type DynamicModule } from '@nestjs/common';
import { DATABASE_READY, WebhookSecrets } from '#persistence';
import { serviceModules } from '#service';
import type { IngestGatewayEnv } from './env.js';
import { Intake } from './intake.js';
import { MerchantRoutes } from './merchant-routes.js';
import { StoreWebhooks } from './sources/store-webhooks.js';
import { StripeWebhooks } from './sources/stripe-webhooks.js';
import { WhatsAppWebhooks } from './sources/whatsapp-webhooks.js';

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
      providers: [Intake, MerchantRoutes, WebhookSecrets, WhatsAppWebhooks, StripeWebhooks, StoreWebhooks],
    };
  }
}
