import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { serviceModules } from '#service';
import { AccessGuard } from './auth/access.js';
import { ApiKeyStore } from './auth/api-key.store.js';
import { BootstrapKey } from './auth/bootstrap-key.js';
import { Sessions } from './auth/sessions.js';
import { mountDashboards } from './dashboards/dashboards.js';
import type { AdminEnv } from './env.js';
import { ApiKeysController } from './http/api-keys.controller.js';
import { ChannelAccountsController } from './http/channel-accounts.controller.js';
import { DeadLettersController } from './http/dead-letters.controller.js';
import { Idempotency } from './http/idempotency.js';
import { MerchantsController } from './http/merchants.controller.js';
import { MetaAppsController } from './meta-apps/meta-apps.controller.js';
import { MetaApps } from './meta-apps/meta-apps.js';
import { PaymentProvidersController } from './http/payment-providers.controller.js';
import { ProblemFilter } from './http/problem.filter.js';
import { ReadinessController } from './http/readiness.controller.js';
import { addSecurityHeaders } from './http/security-headers.js';
import { StoresController } from './http/stores.controller.js';
import { TemplatesController } from './http/templates.controller.js';
import { validationPipe } from './http/validation.js';
import { Connections } from './onboarding/connections.js';
import { DeadLetters } from './onboarding/dead-letters.js';
import { FormerSecrets } from './onboarding/former-secrets.js';
import { Merchants } from './onboarding/merchants.js';
import { Readiness } from './onboarding/readiness.js';
import { Templates } from './onboarding/templates.js';
import { Vault } from './onboarding/vault.js';
import { Vendors } from './onboarding/vendors.js';
import { mountApiDocs } from './openapi.js';
import { PagesController } from './pages/pages.controller.js';

/** The admin API's resources, in the order of the API page. */
const API = [
  MerchantsController,
  ChannelAccountsController,
  MetaAppsController,
  StoresController,
  PaymentProvidersController,
  TemplatesController,
  ReadinessController,
  ApiKeysController,
  DeadLettersController,
];

@Module({})
export class AdminModule {
  static forRoot(env: AdminEnv): DynamicModule {
    return {
      module: AdminModule,
      imports: serviceModules({ service: 'admin', env, entities: [] }),
      controllers: [...API, PagesController],
      providers: [
        ApiKeyStore,
        BootstrapKey,
        Connections,
        DeadLetters,
        FormerSecrets,
        Idempotency,
        Merchants,
        MetaApps,
        Readiness,
        Sessions,
        Templates,
        Vault,
        Vendors,
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_PIPE, useFactory: validationPipe },
        { provide: APP_FILTER, useClass: ProblemFilter },
      ],
    };
  }
}

/** What stands outside Nest's modules: headers on every answer, the API page, the dashboards. */
export async function configureAdmin(app: NestFastifyApplication): Promise<void> {
  addSecurityHeaders(app);
  mountApiDocs(app);
  await mountDashboards(app);
}
