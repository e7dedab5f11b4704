import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  Patch,
  Post,
  UseFilters,
  UsePipes,
} from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Length, Max, Min, ValidateNested } from 'class-validator';
import { CLOCK, type Clock } from '#platform';
import { COURIER_EVENTS, type CourierEvent } from './courier.js';
import { Orders } from './orders.js';
import { ShopBooks, type ShopEventType } from './shop-books.js';
import type { OrderDoc, ProductDoc, ReservationDoc, ShopDoc } from './shop.types.js';
import { Stock } from './stock.js';
import { MoneyBody } from './store-api.dto.js';
import { StoreProblem, StoreProblemFilter } from './store-problem.js';
import { storeValidation } from './validation.js';
import { productView, type ProductView } from './views.js';

class ProductChange {
  @IsOptional()
  @ValidateNested()
  @Type(() => MoneyBody)
  price?: MoneyBody;

  /** Units that can be sold to new buyers from now on; what is held for others stays held. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(1_000_000)
  available?: number;

  @IsOptional()
  @IsString()
  @Length(1, 200)
  title?: string;
}

class CourierBody {
  @IsIn(COURIER_EVENTS)
  event!: CourierEvent;

  @IsOptional()
  @IsString()
  @Length(1, 300)
  reason?: string;
}

type StockRow = ProductView & { held: number };

/** What the people in the shop do. It has no log-in: the sandbox is a toy on your own machine. */
@Controller('shops/:shop/backoffice')
@UsePipes(storeValidation())
@UseFilters(StoreProblemFilter)
export class BackofficeController {
  constructor(
    private readonly books: ShopBooks,
    private readonly stock: Stock,
    private readonly orders: Orders,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get('products')
  products(@Param('shop') id: string): {
    shop: { id: string; name: string; currency: string };
    products: StockRow[];
  } {
    const shop = this.open(id);
    const rows = this.books
      .of(id)
      .products.all()
      .filter((product) => !product.deleted);
    return {
      shop: { id, name: shop.name, currency: shop.currency },
      products: rows.map((product) => ({ ...productView(shop, product), held: product.held })),
    };
  }

  @Patch('products/:sku')
  change(@Param('shop') id: string, @Param('sku') sku: string, @Body() body: ProductChange): StockRow {
    const shop = this.open(id);
    const product = this.books.of(id).products.get(sku);
    if (!product || product.deleted) throw new StoreProblem(404, 'not_found', 'No such product');
    if (body.price && (body.price.currency !== shop.currency || body.price.minor < 0)) {
      throw new StoreProblem(400, 'invalid_request', 'The request is not valid', {
        detail: `price: must be at least 0 and in ${shop.currency}`,
      });
    }
    const next = applyChange(product, body);
    const changed = this.books.changeProduct(id, next, ...eventsOf(product, next));
    return { ...productView(shop, changed), held: changed.held };
  }

  @Get('orders')
  listOrders(@Param('shop') id: string): {
    now: string;
    orders: (OrderDoc & { titles: Record<string, string> })[];
  } {
    this.open(id);
    const { orders, products } = this.books.of(id);
    const titles = (order: OrderDoc): Record<string, string> =>
      Object.fromEntries(order.lines.map(({ sku }) => [sku, products.get(sku)?.title ?? sku]));
    const newestFirst = orders.all().toReversed();
    return {
      now: this.clock.now().toISOString(),
      orders: newestFirst.map((order) => ({ ...order, titles: titles(order) })),
    };
  }

  @Post('orders/:ref/courier')
  @HttpCode(200)
  courier(@Param('shop') id: string, @Param('ref') ref: string, @Body() body: CourierBody): OrderDoc {
    return this.orders.courierStep(this.open(id), ref, body.event, body.reason);
  }

  @Get('reservations')
  reservations(@Param('shop') id: string): { reservations: ReservationDoc[] } {
    this.open(id);
    return { reservations: this.books.of(id).reservations.all().toReversed() };
  }

  private open(id: string): ShopDoc {
    const shop = this.books.shop(id);
    this.stock.expireDue(shop.id);
    return shop;
  }
}

function applyChange(product: ProductDoc, change: ProductChange): ProductDoc {
  return {
    ...product,
    priceMinor: change.price?.minor ?? product.priceMinor,
    onHand: change.available === undefined ? product.onHand : change.available + product.held,
    title: change.title ?? product.title,
  };
}

function eventsOf(before: ProductDoc, after: ProductDoc): ShopEventType[] {
  return [
    ...(before.title === after.title ? [] : (['product.updated'] as const)),
    ...(before.priceMinor === after.priceMinor ? [] : (['price.updated'] as const)),
    ...(before.onHand === after.onHand ? [] : (['stock.updated'] as const)),
  ];
}
