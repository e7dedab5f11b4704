import { Controller, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern, Transport } from '@nestjs/microservices';
import { createServer, type AddressInfo } from 'node:net';
import { CATALOG_RPC, type CategoriesReply } from '#contracts';
import { CatalogClient, CatalogClientModule } from '#service';
import { until } from '#testing';

const NONE: CategoriesReply = { outcome: 'ok', categories: [] };

@Controller()
class Catalog {
  @MessagePattern(CATALOG_RPC.categories)
  categories(): CategoriesReply {
    return NONE;
  }

  @MessagePattern(CATALOG_RPC.quote)
  quote(): never {
    throw new Error('a bug over there');
  }

  @MessagePattern(CATALOG_RPC.search)
  search(): Promise<never> {
    return new Promise(() => undefined); // never answers
  }
}

@Module({ controllers: [Catalog] })
class CatalogModule {}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

async function serve(port: number): Promise<INestMicroservice> {
  const options = { transport: Transport.TCP, options: { host: '127.0.0.1', port }, logger: false } as const;
  const app = await NestFactory.createMicroservice(CatalogModule, options);
  await app.listen();
  return app;
}

describe('the catalog client', () => {
  let port: number;
  let client: CatalogClient;
  let close: () => Promise<void>;

  beforeEach(async () => {
    port = await freePort();
    const app = await NestFactory.createApplicationContext(
      CatalogClientModule.forRoot({ host: '127.0.0.1', port }),
      {
        logger: false,
      },
    );
    client = app.get(CatalogClient);
    close = () => app.close();
  });
  afterEach(() => close());

  it('says unavailable while nobody listens, and recovers by itself', async () => {
    expect(await client.categories('mer_1')).toEqual({
      outcome: 'unavailable',
      reason: 'catalog: ECONNREFUSED',
    });
    const first = await serve(port);
    expect(await client.categories('mer_1')).toEqual(NONE);
    await first.close();
    await until(
      'the loss is noticed',
      async () => (await client.categories('mer_1')).outcome === 'unavailable',
    );
    const second = await serve(port);
    expect(await client.categories('mer_1')).toEqual(NONE);
    await second.close();
  });

  it('says unavailable when the service fails, and when it does not answer in four seconds', async () => {
    const server = await serve(port);
    expect((await client.quote('mer_1', [])).outcome).toBe('unavailable');
    const startedAt = performance.now();
    expect(await client.search('mer_1', { limit: 1 })).toEqual({
      outcome: 'unavailable',
      reason: 'catalog: no answer in 4000 ms',
    });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    await server.close();
  });

  it('says unavailable when the connection breaks while it waits', async () => {
    const server = await serve(port);
    expect(await client.categories('mer_1')).toEqual(NONE);
    const waiting = client.search('mer_1', { limit: 1 });
    await new Promise((sent) => setTimeout(sent, 50));
    const startedAt = performance.now();
    void server.close();
    expect((await waiting).outcome).toBe('unavailable');
    expect(performance.now() - startedAt).toBeLessThan(4_500);
  });
});
