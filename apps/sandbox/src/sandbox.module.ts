import { Module, type DynamicModule } from '@nestjs/common';
import { HealthModule, PlatformModule } from '#platform';
import type { SandboxEnv } from './env.js';
import { Dialog360Module } from './dialog360/dialog360.module.js';
import { MetaModule } from './meta/meta.module.js';
import { PhoneModule } from './phone/phone.module.js';
import { ShopModule } from './shop/shop.module.js';
import { StripeModule } from './stripe/stripe.module.js';
import { DOCUMENTS_READY, WorldModule } from './world/world.module.js';

@Module({})
export class SandboxModule {
  static forRoot(env: SandboxEnv): DynamicModule {
    return {
      module: SandboxModule,
      imports: [
        PlatformModule.forRoot({ service: 'sandbox', env }),
        HealthModule.forRoot({ imports: [WorldModule], checks: [DOCUMENTS_READY] }),
        WorldModule,
        MetaModule,
        Dialog360Module,
        PhoneModule,
        StripeModule,
        ShopModule,
      ],
    };
  }
}
