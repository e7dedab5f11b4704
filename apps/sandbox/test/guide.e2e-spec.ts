import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { World } from './support/world.js';

const GUIDE = readFileSync(new URL('../../../docs/guides/sandbox.md', import.meta.url), 'utf8');
const IN_THE_GUIDE = /^\/(control|phone\/api|360dialog)\//;

/** `PUT /control/chaos` and the like, from the tree that Fastify prints. */
function routesIn(tree: string): string[] {
  const above: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const found = /^([│ ]*)[├└]── (\S+)(?: \(([A-Z, ]+)\))?$/.exec(line);
    if (!found) return [];
    const [, indent, part, methods = ''] = found as unknown as [string, string, string, string?];
    const depth = indent.length / 4;
    above.length = depth;
    above.push(part);
    const path = above.join('').replace(/^\/+/, '/');
    return methods
      .split(', ')
      .filter((method) => method && method !== 'HEAD')
      .map((method) => `${method} ${path}`);
  });
}

/** The calls with curl that have a JSON body, in their order. */
function examplesIn(guide: string): { method: string; path: string; body: string }[] {
  const calls = guide.matchAll(/^curl -X (\w+) localhost:3100(\S+) -H '[^']+' -d '([^']+)'$/gm);
  return [...calls].map(([, method, path, body]) => ({ method: method!, path: path!, body: body! }));
}

describe('the guide to the sandbox', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.boot();
  });
  afterAll(() => world.stop());

  it('names every route of the control API, of the phone and of 360dialog', () => {
    const routes = routesIn(world.routes()).filter((route) => IN_THE_GUIDE.test(route.split(' ')[1]!));
    expect(routes.length).toBeGreaterThan(25);
    expect(routes).toContain('PUT /control/shops/:shop/faults');
    const lacking = routes.filter((route) => !GUIDE.includes(`\`${route}\``));
    expect(lacking).toEqual([]);
  });

  it('names no route that is not there', () => {
    const routes = routesIn(world.routes());
    const named = [
      ...GUIDE.matchAll(/`((?:GET|PUT|POST|DELETE) \/(?:control|phone\/api|360dialog)\/[^`]+)`/g),
    ];
    expect(named.map(([, route]) => route).filter((route) => !routes.includes(route!))).toEqual([]);
  });

  it('has examples that work as they stand, one after the other', async () => {
    const calls = examplesIn(GUIDE);
    expect(calls.length).toBe(GUIDE.match(/^curl -X /gm)!.length);
    const gateway = createServer((request, response) => {
      response.end(new URL(request.url!, 'http://gateway').searchParams.get('hub.challenge'));
    });
    await new Promise<void>((done) => gateway.listen(0, '127.0.0.1', done));
    const address = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
    try {
      for (const { method, path, body } of calls) {
        const sent = body.replaceAll('http://localhost:3000', address);
        const { status, body: answer } = await world.call(method, path, JSON.parse(sent));
        if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`);
      }
    } finally {
      gateway.closeAllConnections();
      await new Promise((done) => gateway.close(done));
    }
  });
});
