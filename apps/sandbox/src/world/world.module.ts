import { Module } from '@nestjs/common';
import { ENV, type ReadinessCheck } from '#platform';
import { SandboxEnv } from '../env.js';
import { ControlController } from './control.controller.js';
import { Documents } from './documents.js';
import { HomeController } from './home.controller.js';
import { WebhookSender } from './webhooks.js';

export const DOCUMENTS_READY = Symbol('DOCUMENTS_READY');

/** What every simulator shares: its memory, its webhook delivery and its clock. */
@Module({
  controllers: [ControlController, HomeController],
  providers: [
    { provide: Documents, useFactory: (env: SandboxEnv) => Documents.open(env.DATABASE_URL), inject: [ENV] },
    {
      provide: DOCUMENTS_READY,
      useFactory: (documents: Documents): ReadinessCheck => ({
        name: 'documents',
        check: () => documents.check(),
      }),
      inject: [Documents],
    },
    WebhookSender,
  ],
  exports: [Documents, WebhookSender, DOCUMENTS_READY],
})
export class WorldModule {}
