import { Module, type DynamicModule } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { serviceModules } from '#service';
import { ProductCopy } from './copy/product-copy.js';
import { SearchIndexes } from './copy/search-indexes.js';
import type { CatalogSyncEnv } from './env.js';
import { RecordChangeHandler } from './jobs/record-change.handler.js';
import { SyncStoreHandler } from './jobs/sync-store.handler.js';
import { EraseMerchantHandler } from './privacy/erase-merchant.handler.js';
import { CatalogController } from './rpc/catalog.controller.js';
import { Quotes } from './rpc/quotes.js';
import { Search } from './rpc/search.js';
import { ScheduledSync } from './schedule/scheduled-sync.js';
import { SyncSchedule } from './schedule/sync-schedule.js';
import { Shops } from './shop/shops.js';

@Module({})
export class CatalogSyncModule {
  static forRoot(env: CatalogSyncEnv): DynamicModule {
    return {
      module: CatalogSyncModule,
      imports: [...serviceModules({ service: 'catalog-sync', env, entities: [] }), ScheduleModule.forRoot()],
      controllers: [RecordChangeHandler, SyncStoreHandler, EraseMerchantHandler, CatalogController],
      providers: [ProductCopy, SearchIndexes, Shops, Quotes, Search, ScheduledSync, SyncSchedule],
    };
  }
}
