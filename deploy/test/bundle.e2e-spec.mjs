import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { SourceMap } from 'node:module';
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
