import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { money } from '#core/catalog';
import { FakeStore } from '#core/catalog/testing';

/** A shop of so many products, spoken to over HTTP as the contract says, whose list can be meddled with. */
export interface ListedStore {
  url: string;
  store: FakeStore;
  /** Takes a product out of the list without a word, as a careless shop would. */
  lose(...skus: string[]): void;
  /** Changes the next answers' bodies. */
  meddle(with_: ((page: { products: object[]; nextCursor: unknown }) => object) | undefined): void;
  /** How long an answer takes, in milliseconds. */
  dawdle(ms: number): void;
  asked: string[];
  /** Answers that are being waited for, and the most there were at once. */
  busy: { now: number; most: number };
  close(): Promise<void>;
}

export async function openListedStore(count: number): Promise<ListedStore> {
  const store = new FakeStore(() => new Date(), 'AE', 'AED');
  for (let i = 1; i <= count; i++) {
    store.put({
      sku: `SKU-${i}`,
      title: `Thing ${i}`,
      description: '',
      category: { id: 'things', title: 'Things' },
      imageUrl: null,
      price: money(100 * i, 'AED'),
      available: 5,
      regions: null,
      deleted: false,
    });
  }
  let meddled: Parameters<ListedStore['meddle']>[0];
  let delayMs = 0;
  const busy = { now: 0, most: 0 };
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://shop');
    asked.push(request.url!);
    if (pathname !== '/v1/products') return void response.writeHead(500).end();
    const query = {
      updatedSince: searchParams.get('updated_since') ?? undefined,
      cursor: searchParams.get('cursor') ?? undefined,
    };
    busy.most = Math.max(busy.most, ++busy.now);
    void store.listProducts(query).then(async (page) => {
      await sleep(delayMs);
      busy.now--;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(meddled ? meddled(page) : page));
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    store,
    lose: (...skus) => skus.forEach((sku) => store.products.delete(sku)),
    meddle: (with_) => void (meddled = with_),
    dawdle: (ms) => void (delayMs = ms),
    asked,
    busy,
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
