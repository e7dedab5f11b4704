import { Module } from '@nestjs/common';
import { WorldModule } from '../world/world.module.js';

@Module({ imports: [WorldModule] })
export class ShopModule {}
