import { Module, type DynamicModule } from '@nestjs/common';
import { SecretBox } from '#platform';
import { Directory } from './directory.js';

/** Merchants' configuration, and the box that opens their secrets. */
@Module({})
export class TenancyModule {
  static forRoot(box: SecretBox): DynamicModule {
    return {
      module: TenancyModule,
      global: true,
      providers: [{ provide: SecretBox, useValue: box }, Directory],
      exports: [SecretBox, Directory],
    };
  }
}
