import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** A shop that answers what it is told to. */
export async function startShop(port) {
  let waiting = [];
  const shop = {
    url: `http://127.0.0.1:${port}`,
    page: undefined,
    quote: undefined,
    /** Resolves when the shop has been asked for this and has answered, or after a while. */
    asked: (path) => Promise.race([new Promise((done) => waiting.push({ path, done })), sleep(15_000)]),
    close: () => new Promise((done) => server.close(done).closeAllConnections()),
  };
  const server = createServer((request, response) => {
    request.resume();
    const path = new URL(request.url, shop.url).pathname;
    const answer = path === '/v1/products' ? shop.page : path === '/v1/quote' ? shop.quote : undefined;
    response.setHeader('content-type', 'application/json');
    response.end(answer ?? '{"products":[],"nextCursor":null}', () => {
      const told = waiting.filter((one) => one.path === path);
      waiting = waiting.filter((one) => one.path !== path);
      for (const { done } of told) done();
    });
  });
  await new Promise((done, fail) => server.once('error', fail).listen(port, '127.0.0.1', done));
  return shop;
}
