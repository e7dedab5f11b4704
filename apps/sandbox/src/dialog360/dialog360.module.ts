import { Module } from '@nestjs/common';
import { MetaModule } from '../meta/meta.module.js';
import { WorldModule } from '../world/world.module.js';
import { Dialog360ControlController } from './dialog360-control.controller.js';
import { Dialog360MediaController } from './dialog360-media.controller.js';
import { Dialog360TemplatesController } from './dialog360-templates.controller.js';
import { Dialog360Controller } from './dialog360.controller.js';
import { Dialog360Numbers } from './numbers.js';

/** The simulated 360dialog, a partner of Meta's that carries the Cloud API's messages. */
@Module({
  imports: [WorldModule, MetaModule],
  controllers: [
    Dialog360Controller,
    Dialog360MediaController,
    Dialog360TemplatesController,
    Dialog360ControlController,
  ],
  providers: [Dialog360Numbers],
})
export class Dialog360Module {}
