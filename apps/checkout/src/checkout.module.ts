import { Module, type DynamicModule } from '@nestjs/common';
import { serviceModules } from '#service';
import type { CheckoutEnv } from './env.js';
import { LinkController } from './http/link.controller.js';
import { Visits } from './http/visits.js';
import { ExpireSessionHandler } from './jobs/expire-session.handler.js';
import { OrderNewsHandler } from './jobs/order-news.handler.js';
import { PlaceOrderHandler } from './jobs/place-order.handler.js';
import { RefundPaymentHandler } from './jobs/refund-payment.handler.js';
import { ReleaseHoldHandler } from './jobs/release-hold.handler.js';
import { ReserveStockHandler } from './jobs/reserve-stock.handler.js';
import { LinkTokens } from './link.js';
import { Orders } from './orders.js';
import { Partners } from './partners.js';
import { EraseMerchantHandler } from './privacy/erase-merchant.handler.js';
import { ErasePersonHandler } from './privacy/erase-person.handler.js';
import { RetentionHandler } from './privacy/retention.handler.js';

@Module({})
export class CheckoutModule {
  static forRoot(env: CheckoutEnv): DynamicModule {
    return {
      module: CheckoutModule,
      imports: serviceModules({ service: 'checkout', env, entities: [] }),
      controllers: [
        LinkController,
        OrderNewsHandler,
        ReserveStockHandler,
        PlaceOrderHandler,
        ReleaseHoldHandler,
        ExpireSessionHandler,
        RefundPaymentHandler,
        EraseMerchantHandler,
        ErasePersonHandler,
        RetentionHandler,
      ],
      providers: [
        Orders,
        Partners,
        Visits,
        { provide: LinkTokens, useValue: new LinkTokens(env.CHECKOUT_LINK_KEYS) },
      ],
    };
  }
}
