import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern, Transport } from '@nestjs/microservices';
import { CATALOG_RPC, type QuoteRequest, type SearchRequest } from '#contracts';
import type { Answer, Question } from '#core/conversation';
import { ShopStub } from '../../../../libs/core/conversation/testing/thread-script.js';
import { freePort } from './stand.js';

/** A catalog with a few products, for tests that are not about products. */
@Controller()
class SmallCatalog {
  private readonly shop = new ShopStub();

  constructor() {
    for (const sku of ['A', 'B', 'C', 'D', 'E', 'X', 'B0', 'B1', 'B2', 'B3'])
      this.shop.products.set(sku, { title: sku, price: 100, available: 9 });
  }

  @MessagePattern(CATALOG_RPC.categories)
  categories(): Answer['reply'] {
    return this.answer({ kind: 'categories' });
  }

  @MessagePattern(CATALOG_RPC.search)
  search({ query }: SearchRequest): Answer['reply'] {
    return this.answer({ kind: 'search', query });
  }

  @MessagePattern(CATALOG_RPC.quote)
  quote({ lines }: QuoteRequest): Answer['reply'] {
    return this.answer({ kind: 'quote', lines });
  }

  private answer(question: Question): Answer['reply'] {
    return this.shop.answer(question).reply;
  }
}

@Module({ controllers: [SmallCatalog] })
class SmallCatalogModule {}

export async function openSmallCatalog(): Promise<{ rpcPort: number; close: () => Promise<void> }> {
  const rpcPort = await freePort();
  const app = await NestFactory.createMicroservice(SmallCatalogModule, {
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port: rpcPort },
    logger: false,
  });
  await app.listen();
  return { rpcPort, close: () => app.close() };
}
