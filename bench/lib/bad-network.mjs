import { createServer, connect } from 'node:net';

/**
 * A TCP proxy that treats each connection badly, or well.
 *   `cut`        the request goes through; the connection is reset before anything of the answer comes back
 *   `half_open`  the request goes through; nothing ever comes back, and the connection stays
 *   `slow`       what comes back comes two seconds late
 *   `truncated`  the answer ends in the middle of its body
 * @param {{ port: number, target: number, seed?: number }} options
 * @returns `bad(share)` says which share of connections suffers from now on, each from one of the four; 0 heals, and
 *   ends connections that hang. `harm` counts them by kind.
 */
export async function startBadNetwork({ port, target }) {
  const harm = { cut: 0, half_open: 0, slow: 0, truncated: 0 };
  const kinds = Object.keys(harm);
  const open = new Set();
  let share = 0;
  let turn = 0;
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    open.add(client).add(upstream);
    for (const socket of [client, upstream]) {
      socket.on('error', () => undefined);
      socket.once('close', () => open.delete(socket));
    }
    client.pipe(upstream);
    const end = () => client.end();
    // Each request on a kept connection is judged anew: the first byte of its answer decides.
    let kind;
    client.on('data', () => (kind = Math.random() < share ? kinds[turn++ % kinds.length] : undefined));
    let counted;
    upstream.on('data', (chunk) => {
      if (kind === undefined) return client.write(chunk);
      if (counted !== upstream.bytesRead) harm[kind] += 1;
      counted = upstream.bytesRead;
      switch (kind) {
        case 'cut':
          upstream.destroy();
          return client.resetAndDestroy();
        case 'half_open':
          return undefined;
        case 'slow':
          return setTimeout(() => client.write(chunk), 2_000);
        default: {
          const body = chunk.indexOf('\r\n\r\n') + 4;
          client.write(chunk.subarray(0, Math.min(chunk.length - 1, body + 5)));
          upstream.destroy();
          return client.end();
        }
      }
    });
    upstream.once('end', () => kind !== 'half_open' && kind !== 'slow' && end());
    client.once('close', () => upstream.destroy());
  });
  await new Promise((done, fail) => server.once('error', fail).listen(port, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${port}`,
    harm,
    bad(to) {
      share = to;
      if (to === 0) for (const socket of open) socket.destroy();
    },
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}
