import { Controller, Module, type INestMicroservice } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern, Transport } from '@nestjs/microservices';
import { connect, createServer, type AddressInfo } from 'node:net';
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

describe('the catalog client', () => {
  let port: number;
  let client: CatalogClient;
  let close: () => Promise<void>;
  let servers: INestMicroservice[] = [];

  const serve = async (): Promise<INestMicroservice> => {
    const options = {
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port },
      logger: false,
    } as const;
    const app = await NestFactory.createMicroservice(CatalogModule, options);
    servers.push(app);
    await app.listen();
    return app;
  };

  beforeEach(async () => {
    port = await freePort();
    const app = await NestFactory.createApplicationContext(
      CatalogClientModule.forRoot({ host: '127.0.0.1', port }),
      { logger: false },
    );
    client = app.get(CatalogClient);
    close = () => app.close();
  });
  const answers = async (): Promise<boolean> => (await client.categories('mer_1')).outcome === 'ok';

  afterEach(async () => {
    await close();
    for (const server of servers) await server.close();
    servers = [];
  });

  it('says unavailable while nobody listens, and recovers by itself', async () => {
    expect(await client.categories('mer_1')).toEqual({
      outcome: 'unavailable',
      reason: 'catalog: ECONNREFUSED',
      unreachable: true,
    });
    const first = await serve();
    await until('the client has found it', answers);
    expect(await client.categories('mer_1')).toEqual(NONE);
    await first.close();
    await until('the loss is noticed', async () => !(await answers()));
    await serve();
    await until('the client has found the next one', answers);
  });

  it('takes another connection now and then, so that replicas share its questions; none is lost by it', async () => {
    await serve();
    let connections = 0;
    const door = createServer((socket) => {
      connections++;
      const inner = connect(port, '127.0.0.1');
      socket.pipe(inner).pipe(socket);
      for (const end of [socket, inner]) end.on('error', () => undefined);
    });
    await new Promise<void>((listening) => door.listen(0, '127.0.0.1', listening));
    const { port: doorPort } = door.address() as AddressInfo;
    const restless = new CatalogClient({ host: '127.0.0.1', port: doorPort, connectedForMs: 20 });
    for (const end = Date.now() + 300; Date.now() < end;) {
      expect(await restless.categories('mer_1')).toEqual(NONE);
    }
    expect(connections).toBeGreaterThan(4);
    await restless.onApplicationShutdown();
    door.close();
  });

  it('says unavailable when the service fails, and when it does not answer in four seconds', async () => {
    await serve();
    expect((await client.quote('mer_1', [])).outcome).toBe('unavailable');
    expect(await client.search('mer_1', { limit: 1 })).toEqual({
      outcome: 'unavailable',
      reason: 'catalog: no answer in 4000 ms',
      unreachable: true,
    });
  });

  it('says unavailable when the connection breaks while it waits', async () => {
    const server = await serve();
    expect(await client.categories('mer_1')).toEqual(NONE);
    const waiting = client.search('mer_1', { limit: 1 });
    await new Promise((sent) => setTimeout(sent, 50));
    void server.close();
    expect(await waiting).toMatchObject({ outcome: 'unavailable', reason: 'catalog: Connection closed' });
  });
});
