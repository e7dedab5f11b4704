import { Module } from '@nestjs/common';
import { WorldModule } from '../world/world.module.js';
import { DeliveryService } from './delivery.service.js';
import { Faults } from './faults.js';
import { GraphController } from './graph.controller.js';
import { InboundService } from './inbound.service.js';
import { MetaControlController } from './meta-control.controller.js';
import { MetaStore } from './meta-store.js';
import { MetaWebhooks } from './meta-webhooks.js';
import { SendRoute } from './send-route.js';
import { SendService } from './send.service.js';
import { TemplateService } from './template.service.js';
import { Threads } from './threads.js';

/** The simulated WhatsApp Cloud API. */
@Module({
  imports: [WorldModule],
  controllers: [GraphController, MetaControlController],
  providers: [
    MetaStore,
    Threads,
    MetaWebhooks,
    DeliveryService,
    SendService,
    SendRoute,
    InboundService,
    TemplateService,
    Faults,
  ],
  exports: [MetaStore, MetaWebhooks, Threads, DeliveryService, InboundService, SendRoute],
})
export class MetaModule {}
