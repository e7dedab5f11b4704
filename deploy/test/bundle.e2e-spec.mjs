import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { SourceMap } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, SERVICES } from '../local/settings.mjs';

const fileOf = (name) => join(ROOT, 'dist', 'apps', name, 'main.js');

/** What a service with a wrong setting says of it, with the stack. */
function failureOf(name) {
  const env = { PATH: process.env.PATH, LOG_LEVEL: 'debug', PORT: 'none' };
  return new Promise((resolve) => {
    execFile(process.execPath, ['--enable-source-maps', fileOf(name)], { env }, (error, _, stderr) =>
      resolve({ code: error?.code, stderr }),
    );
  });
}

describe.each(Object.keys(SERVICES))('the one file of %s', (name) => {
  it('tells where our code failed in its TypeScript', async () => {
    const { code, stderr } = await failureOf(name);
    expect(code).toBe(1);
    expect(stderr).toMatch(/libs\/platform\/src\/boot\.ts:\d+/);
  });

  it('maps no line of a package', async () => {
    const map = new SourceMap(JSON.parse(await readFile(`${fileOf(name)}.map`, 'utf8')));
    const lines = (await readFile(fileOf(name), 'utf8')).split('\n');
    const some = [...lines.keys()].filter((i) => i % 20 === 0);
    const sources = some.map((i) => map.findEntry(i, lines[i].length - 1).originalSource ?? '');
    expect(sources.filter((source) => source.includes('node_modules'))).toEqual([]);
    expect(sources.filter((source) => source.endsWith('.ts')).length).toBeGreaterThan(50);
  });
});

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** What `/health` of a process says, as soon as it answers. */
async function healthOf(port, ended) {
  while (!ended.aborted) {
    try {
      return await (await fetch(`http://127.0.0.1:${port}/health`)).json();
    } catch {
      await new Promise((again) => setTimeout(again, 100)); // it does not listen yet
    }
  }
  throw new Error('the process ended before it answered');
}

// The sandbox starts without a database; what tells the version is the same in all services.
describe('the version', () => {
  it.each(['main.js', 'src/main.js'])(
    'is that of package.json, wherever dist/apps/…/%s is started',
    async (file) => {
      const { version } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
      const port = await freePort();
      const child = spawn(process.execPath, [join(ROOT, 'dist/apps/sandbox', file)], {
        cwd: tmpdir(),
        env: { PATH: process.env.PATH, NODE_ENV: 'test', LOG_LEVEL: 'warn', PORT: String(port) },
        stdio: 'ignore',
      });
      const end = new AbortController();
      const ended = once(child, 'exit').then(() => end.abort());
      try {
        expect(await healthOf(port, end.signal)).toEqual({ status: 'ok', service: 'sandbox', version });
      } finally {
        child.kill();
        await ended;
      }
    },
  );
});
