import { Controller, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern, Transport } from '@nestjs/microservices';
import { CATALOG_RPC, type QuoteRequest, type SearchRequest } from '#contracts';
import type { Answer, Question } from '#core/conversation';
import { until } from '#testing';
import { ShopStub } from '../../../../libs/core/conversation/testing/thread-script.js';
import { freePort } from './stand.js';

/** A catalog with a few products, whose answers a test may hold back. */
export interface SmallCatalog {
  rpcPort: number;
  shop: ShopStub;
  /** All that it was asked, oldest first. */
  asked: Question[];
  /** How long the prices of an answer are good, in milliseconds. */
  validForMs: number;
  /** Holds back all answers from now on. An answer has the figures of the moment at which it is let go. */
  hold(): Barrier;
  close(): Promise<void>;
}

export interface Barrier {
  /** Resolves when so many questions wait. */
  reached(questions: number): Promise<unknown>;
  /** Lets them go, and all that follow. */
  release(): void;
}

@Controller()
class Answers {
  readonly shop = new ShopStub();
  readonly asked: Question[] = [];
  validForMs = 300_000;
  private held: Promise<void> | undefined;
  private waiting = 0;

  constructor() {
    for (const sku of ['A', 'B', 'C', 'D', 'E', 'X', 'B0', 'B1', 'B2', 'B3'])
      this.shop.products.set(sku, { title: sku, price: 100, available: 9 });
  }

  hold(): Barrier {
    let open = (): void => undefined;
    this.held = new Promise((resolve) => (open = resolve));
    return {
      reached: (questions) => until(`${questions} questions wait`, () => this.waiting >= questions),
      release: () => {
        this.held = undefined;
        open();
      },
    };
  }

  @MessagePattern(CATALOG_RPC.categories)
  categories(): Promise<Answer['reply']> {
    return this.answer({ kind: 'categories' });
  }

  @MessagePattern(CATALOG_RPC.search)
  search({ query }: SearchRequest): Promise<Answer['reply']> {
    return this.answer({ kind: 'search', query });
  }

  @MessagePattern(CATALOG_RPC.quote)
  quote({ lines }: QuoteRequest): Promise<Answer['reply']> {
    return this.answer({ kind: 'quote', lines });
  }

  private async answer(question: Question): Promise<Answer['reply']> {
    this.asked.push(question);
    this.waiting += 1;
    await this.held;
    this.waiting -= 1;
    const { reply } = this.shop.answer(question);
    if (!('quote' in reply)) return reply;
    const now = Date.now();
    const times = {
      quotedAt: new Date(now).toISOString(),
      validUntil: new Date(now + this.validForMs).toISOString(),
    };
    return { ...reply, quote: { ...reply.quote, ...times } };
  }
}

@Module({ controllers: [Answers] })
class SmallCatalogModule {}

export async function openSmallCatalog(port?: number): Promise<SmallCatalog> {
  const rpcPort = port ?? (await freePort());
  const app = await NestFactory.createMicroservice(SmallCatalogModule, {
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port: rpcPort },
    logger: false,
  });
  await app.listen();
  const answers = app.get(Answers);
  return {
    rpcPort,
    shop: answers.shop,
    asked: answers.asked,
    get validForMs() {
      return answers.validForMs;
    },
    set validForMs(ms) {
      answers.validForMs = ms;
    },
    hold: () => answers.hold(),
    close: () => app.close(),
  };
}
