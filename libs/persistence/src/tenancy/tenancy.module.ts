import { Module, type DynamicModule } from '@nestjs/common';
import type { KeyRing } from '#platform';
import { Directory, KEY_RING } from './directory.js';

/** Merchants' configuration and the key ring that opens their secrets. */
@Module({})
export class TenancyModule {
  static forRoot(keys: KeyRing): DynamicModule {
    return {
      module: TenancyModule,
      global: true,
      providers: [{ provide: KEY_RING, useValue: keys }, Directory],
      exports: [KEY_RING, Directory],
    };
  }
}
