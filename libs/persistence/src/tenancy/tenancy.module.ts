import { Module, type DynamicModule } from '@nestjs/common';
import { SecretBox, type KeyRing } from '#platform';
import { Directory, KEY_RING } from './directory.js';

/** Merchants' configuration and the keys that open their secrets. */
@Module({})
export class TenancyModule {
  static forRoot(keys: KeyRing, box: SecretBox): DynamicModule {
    return {
      module: TenancyModule,
      global: true,
      providers: [{ provide: KEY_RING, useValue: keys }, { provide: SecretBox, useValue: box }, Directory],
      exports: [KEY_RING, SecretBox, Directory],
    };
  }
}
