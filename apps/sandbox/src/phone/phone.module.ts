import { Module } from '@nestjs/common';
import { MetaModule } from '../meta/meta.module.js';
import { WorldModule } from '../world/world.module.js';
import { PhoneMediaController } from './phone-media.controller.js';
import { PhoneController } from './phone.controller.js';
import { PhoneService } from './phone.service.js';

/** The customer's phone. */
@Module({
  imports: [WorldModule, MetaModule],
  controllers: [PhoneController, PhoneMediaController],
  providers: [PhoneService],
})
export class PhoneModule {}
