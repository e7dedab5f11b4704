import { Controller, Get, Header, Param, UseFilters } from '@nestjs/common';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publicFolder } from '../world/public-folder.js';
import { ShopBooks } from './shop-books.js';
import type { FulfilmentDoc } from './shop.types.js';
import { StoreProblem, StoreProblemFilter } from './store-problem.js';
import { publicProductView, type PublicProductView } from './views.js';

const HTML = 'text/html; charset=utf-8';
const POLICY =
  "default-src 'self'; img-src 'self' data: http: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

interface Tracking {
  shop: string;
  orderNumber: string;
  parcel: FulfilmentDoc;
}

/** The shop's pages, and what anyone may read about its products and parcels. */
@Controller('shops/:shop')
@UseFilters(StoreProblemFilter)
export class ShopPageController {
  private readonly folder = join(publicFolder(import.meta.url), 'shop');

  constructor(private readonly books: ShopBooks) {}

  @Get()
  @Header('content-type', HTML)
  @Header('content-security-policy', POLICY)
  @Header('cache-control', 'no-cache')
  backoffice(@Param('shop') id: string): Promise<string> {
    this.books.shop(id);
    return readFile(join(this.folder, 'index.html'), 'utf8');
  }

  @Get('track/:code')
  @Header('content-type', HTML)
  @Header('content-security-policy', POLICY)
  @Header('cache-control', 'no-cache')
  trackingPage(@Param('shop') id: string): Promise<string> {
    this.books.shop(id);
    return readFile(join(this.folder, 'track.html'), 'utf8');
  }

  @Get('public/products')
  products(@Param('shop') id: string): { products: PublicProductView[] } {
    const shop = this.books.shop(id);
    const onSale = this.books
      .of(id)
      .products.all()
      .filter((product) => !product.deleted);
    return { products: onSale.map((product) => publicProductView(shop, product)) };
  }

  @Get('public/products/:sku')
  product(@Param('shop') id: string, @Param('sku') sku: string): PublicProductView {
    const shop = this.books.shop(id);
    const product = this.books.of(id).products.get(sku);
    if (!product || product.deleted) throw new StoreProblem(404, 'not_found', 'No such product');
    return publicProductView(shop, product);
  }

  @Get('public/tracking/:code')
  tracking(@Param('shop') id: string, @Param('code') code: string): Tracking {
    const shop = this.books.shop(id);
    for (const order of this.books.of(id).orders.all()) {
      const parcel = order.fulfilments.find((fulfilment) => fulfilment.trackingCode === code);
      if (parcel) return { shop: shop.name, orderNumber: order.number, parcel };
    }
    throw new StoreProblem(404, 'not_found', 'No such parcel');
  }
}
