import { Module } from '@nestjs/common';
import { WorldModule } from '../world/world.module.js';
import { BackofficeController } from './backoffice.controller.js';
import { Catalog } from './catalog.js';
import { Courier } from './courier.js';
import { HoldExpiry } from './hold-expiry.js';
import { Orders } from './orders.js';
import { ShopBooks } from './shop-books.js';
import { ShopControlController } from './shop-control.controller.js';
import { ShopPageController } from './shop-page.controller.js';
import { Stock } from './stock.js';
import { StoreApiController } from './store-api.controller.js';
import { StoreApiGuard, StoreFaults } from './store-api.guard.js';

/** Shops that implement the store contract, with a back office and a courier. */
@Module({
  imports: [WorldModule],
  controllers: [StoreApiController, BackofficeController, ShopControlController, ShopPageController],
  providers: [ShopBooks, Catalog, Stock, Orders, Courier, StoreFaults, StoreApiGuard, HoldExpiry],
})
export class ShopModule {}
