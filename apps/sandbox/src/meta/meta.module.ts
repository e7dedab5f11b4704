import { Module } from '@nestjs/common';
import { WorldModule } from '../world/world.module.js';
import { BusinessProfileController } from './business-profile.controller.js';
import { DeliveryService } from './delivery.service.js';
import { Faults } from './faults.js';
import { GraphAccess } from './graph-access.js';
import { GraphMedia } from './graph-media.js';
import { GraphController } from './graph.controller.js';
import { InboundService } from './inbound.service.js';
import { MediaController, MediaDownloadController } from './media.controller.js';
import { MediaService } from './media.service.js';
import { MetaControlController } from './meta-control.controller.js';
import { MetaStore } from './meta-store.js';
import { MetaWebhooks } from './meta-webhooks.js';
import { SendRoute } from './send-route.js';
import { SendService } from './send.service.js';
import { TemplateService } from './template.service.js';
import { Threads } from './threads.js';
import { Uploads } from './upload.js';

/** The simulated WhatsApp Cloud API. */
@Module({
  imports: [WorldModule],
  controllers: [
    GraphController,
    MediaController,
    MediaDownloadController,
    BusinessProfileController,
    MetaControlController,
  ],
  providers: [
    MetaStore,
    GraphAccess,
    GraphMedia,
    MediaService,
    Uploads,
    Threads,
    MetaWebhooks,
    DeliveryService,
    SendService,
    SendRoute,
    InboundService,
    TemplateService,
    Faults,
  ],
  exports: [
    MetaStore,
    MediaService,
    Uploads,
    MetaWebhooks,
    Threads,
    DeliveryService,
    InboundService,
    SendRoute,
    TemplateService,
  ],
})
export class MetaModule {}
