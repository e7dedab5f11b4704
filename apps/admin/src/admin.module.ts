import { Module, type DynamicModule } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ScheduleModule } from '@nestjs/schedule';
import { ENV } from '#platform';
import { connectJobs } from '#queue';
import { serviceModules } from '#service';
import { AuditLog } from './audit/audit-log.js';
import { AuditReader } from './audit/audit-reader.js';
import { AuditInterceptor } from './http/audit.interceptor.js';
import { AccessGuard } from './http/access.js';
import { ApiKeyStore } from './auth/api-key.store.js';
import { ApiKeys } from './auth/api-keys.js';
import { BootstrapKey } from './auth/bootstrap-key.js';
import { InProgressInterceptor } from './http/in-progress.interceptor.js';
import { PresentedKeys } from './auth/presented-keys.js';
import { RateLimits } from './http/rate-limits.js';
import { RequestCounts } from './auth/request-counts.js';
import { RefusedLogins } from './auth/refused-logins.js';
import { SESSION_SECRET, sessionSecret, SessionStore } from './auth/session.store.js';
import { Sessions } from './auth/sessions.js';
import { mountDashboards } from './dashboards/dashboards.js';
import type { AdminEnv } from './env.js';
import { ApiKeysController } from './http/api-keys.controller.js';
import { AuditController } from './http/audit.controller.js';
import { addBounds } from './http/bounds.js';
import { ChannelAccountsController } from './http/channel-accounts.controller.js';
import { Idempotency } from './http/idempotency.js';
import { LifeCycleController } from './http/life-cycle.controller.js';
import { MerchantsController } from './http/merchants.controller.js';
import { OperatorKeysController } from './http/operator-keys.controller.js';
import { MetaAppsController } from './meta-apps/meta-apps.controller.js';
import { MetaApps } from './meta-apps/meta-apps.js';
import { PaymentAccountsController } from './http/payment-accounts.controller.js';
import { ProblemFilter } from './http/problem.filter.js';
import { ReadinessController } from './http/readiness.controller.js';
import { RefusedWebhooksController } from './http/refused-webhooks.controller.js';
import { addRequestContext } from './http/request-context.js';
import { addSecurityHeaders } from './http/security-headers.js';
import { SettingsController } from './http/settings.controller.js';
import { StoresController } from './http/stores.controller.js';
import { TemplatesController } from './http/templates.controller.js';
import { TestMessagesController } from './http/test-messages.controller.js';
import { validationPipe } from './http/validation.js';
import { VendorsController } from './http/vendors.controller.js';
import { ChannelAccounts } from './onboarding/channel-accounts.js';
import { ConnectionTests } from './onboarding/connection-tests.js';
import { FormerSecrets } from './onboarding/former-secrets.js';
import { LifeCycle } from './onboarding/life-cycle.js';
import { Merchants } from './onboarding/merchants.js';
import { PaymentAccounts } from './onboarding/payment-accounts.js';
import { Readiness } from './onboarding/readiness.js';
import { ResumedAccounts } from './onboarding/resumed-accounts.js';
import { Settings } from './onboarding/settings.js';
import { Stores } from './onboarding/stores.js';
import { Templates } from './onboarding/templates.js';
import { TestMessages } from './onboarding/test-messages.js';
import { Vault } from './onboarding/vault.js';
import { Vendors } from './onboarding/vendors.js';
import { WebhookSenders } from './onboarding/webhook-senders.js';
import { mountApiDocs } from './openapi.js';
import { OPERATIONS, OPERATIONS_API } from './operations/index.js';
import { PRIVACY, PRIVACY_API, PRIVACY_JOBS } from './privacy/index.js';
import { PagesController } from './pages/pages.controller.js';

/** The admin API's resources, in the order of the API page. */
const API = [
  MerchantsController,
  LifeCycleController,
  SettingsController,
  VendorsController,
  ChannelAccountsController,
  MetaAppsController,
  StoresController,
  PaymentAccountsController,
  TemplatesController,
  ReadinessController,
  RefusedWebhooksController,
  TestMessagesController,
  ApiKeysController,
  OperatorKeysController,
  AuditController,
  ...OPERATIONS_API,
  ...PRIVACY_API,
];

@Module({})
export class AdminModule {
  static forRoot(env: AdminEnv): DynamicModule {
    return {
      module: AdminModule,
      imports: [...serviceModules({ service: 'admin', env, entities: [] }), ScheduleModule.forRoot()],
      controllers: [...API, PagesController, ...PRIVACY_JOBS],
      providers: [
        ApiKeyStore,
        ApiKeys,
        AuditLog,
        AuditReader,
        BootstrapKey,
        ChannelAccounts,
        ConnectionTests,
        ...OPERATIONS,
        ...PRIVACY,
        FormerSecrets,
        Idempotency,
        LifeCycle,
        ResumedAccounts,
        Merchants,
        MetaApps,
        PaymentAccounts,
        PresentedKeys,
        RateLimits,
        Readiness,
        RefusedLogins,
        RequestCounts,
        Sessions,
        SessionStore,
        Settings,
        Stores,
        Templates,
        TestMessages,
        Vault,
        Vendors,
        WebhookSenders,
        { provide: SESSION_SECRET, useFactory: sessionSecret, inject: [ENV] },
        { provide: APP_GUARD, useClass: AccessGuard },
        { provide: APP_PIPE, useFactory: validationPipe },
        { provide: APP_INTERCEPTOR, useClass: InProgressInterceptor },
        { provide: APP_INTERCEPTOR, useClass: AuditInterceptor },
        { provide: APP_FILTER, useClass: ProblemFilter },
      ],
    };
  }
}

/** Mounts the parts outside Nest's modules: headers, bounds and limits of all requests, API page, dashboards. */
export async function configureAdmin(app: NestFastifyApplication): Promise<void> {
  addSecurityHeaders(app);
  addRequestContext(app);
  addBounds(app);
  await app.get(RateLimits, { strict: false }).mount(app);
  mountApiDocs(app);
  await mountDashboards(app);
  connectJobs(app, 'admin');
}
