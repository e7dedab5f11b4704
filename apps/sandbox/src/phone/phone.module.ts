import { Module } from '@nestjs/common';
import { MetaModule } from '../meta/meta.module.js';
import { WorldModule } from '../world/world.module.js';
import { PhoneController } from './phone.controller.js';
import { PhoneService } from './phone.service.js';

/** The customer's phone. */
@Module({ imports: [WorldModule, MetaModule], controllers: [PhoneController], providers: [PhoneService] })
export class PhoneModule {}
