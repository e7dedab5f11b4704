import { Body, Controller, Get, Param, Put, Req, UseFilters, UsePipes } from '@nestjs/common';
import { Type } from 'class-transformer';
import {
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  IsUrl,
  Length,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import type { FastifyRequest } from 'fastify';
import { demoProducts } from './seed.js';
import { ShopBooks } from './shop-books.js';
import type { ShopDoc, ShopFaults } from './shop.types.js';
import { StoreFaults } from './store-api.guard.js';
import { StoreProblem, StoreProblemFilter } from './store-problem.js';
import { storeValidation } from './validation.js';

const ANY_URL = { require_tld: false, require_protocol: true, protocols: ['http', 'https'] };
const FIRST_ORDER_NUMBER = 1001;

class ShippingBody {
  @IsInt()
  @Min(0)
  flatMinor!: number;

  @IsInt()
  @Min(0)
  freeFromMinor!: number;
}

class ShopBody {
  @IsString()
  @Length(1, 100)
  name!: string;

  @Matches(/^[A-Z]{3}$/)
  currency!: string;

  @IsString()
  @Length(1, 200)
  apiKey!: string;

  @IsUrl(ANY_URL)
  webhookUrl!: string;

  @IsString()
  @Length(1, 200)
  webhookSecret!: string;

  @IsIn(['demo', 'empty'])
  seed: 'demo' | 'empty' = 'empty';

  /** Origin for picture and tracking links; left out, the host this request was sent to. */
  @IsOptional()
  @IsUrl(ANY_URL)
  publicUrl?: string;

  /** Left out, delivery is free. */
  @IsOptional()
  @ValidateNested()
  @Type(() => ShippingBody)
  shipping?: ShippingBody;
}

class FaultsBody {
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(120_000)
  delayMs: number = 0;

  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(10_000)
  failNext: number = 0;

  @IsOptional()
  @IsInt()
  @Min(400)
  @Max(599)
  status: number = 503;
}

interface ShopSummary {
  shop: string;
  name: string;
  currency: string;
  products: number;
}

/** Opens demo shops, and orders faults for tests. */
@Controller('control/shops')
@UsePipes(storeValidation())
@UseFilters(StoreProblemFilter)
export class ShopControlController {
  constructor(
    private readonly books: ShopBooks,
    private readonly faults: StoreFaults,
  ) {}

  @Get()
  list(): { shops: ShopSummary[] } {
    return { shops: this.books.all().map((shop) => this.summary(shop)) };
  }

  @Put(':shop')
  open(
    @Param('shop') id: string,
    @Body() body: ShopBody,
    @Req() request: FastifyRequest,
  ): ShopSummary & { created: boolean } {
    if (!/^[a-z0-9][a-z0-9-]{0,60}$/.test(id)) {
      throw new StoreProblem(400, 'invalid_request', 'A shop is named in small letters, digits and hyphens');
    }
    const existing = this.books.find(id);
    if (existing && existing.currency !== body.currency) {
      throw new StoreProblem(409, 'currency_fixed', `The shop's prices are in ${existing.currency}`);
    }
    const { seed, publicUrl, shipping, ...settings } = body;
    const origin = publicUrl ?? existing?.publicUrl ?? `${request.protocol}://${request.host}`;
    const shop: ShopDoc = {
      id,
      ...settings,
      publicUrl: origin.replace(/\/+$/, ''),
      shipping: { ...(shipping ?? { flatMinor: 0, freeFromMinor: 0 }) },
      sequence: existing?.sequence ?? 0,
      lastOrderNumber: existing?.lastOrderNumber ?? FIRST_ORDER_NUMBER - 1,
    };
    this.books.save(shop);
    if (!existing && seed === 'demo') this.seed(shop);
    return { ...this.summary(shop), created: !existing };
  }

  @Put(':shop/faults')
  setFaults(@Param('shop') id: string, @Body() { delayMs, failNext, status }: FaultsBody): ShopFaults {
    this.books.shop(id);
    this.faults.set(id, { delayMs, failNext, status });
    return this.faults.get(id);
  }

  private seed(shop: ShopDoc): void {
    const products = demoProducts(shop.currency, this.books.now());
    for (const product of products) this.books.of(shop.id).products.put(product.sku, product);
  }

  private summary(shop: ShopDoc): ShopSummary {
    const products = this.books.of(shop.id).products.all().length;
    return { shop: shop.id, name: shop.name, currency: shop.currency, products };
  }
}
