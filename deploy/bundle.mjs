// Makes each service one file, `dist/apps/<name>/main.js`: that starts in half the time which its 2,600 modules take.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decode, encode } from '@jridgewell/sourcemap-codec';
import { build } from 'esbuild';
import { ROOT, SERVICES } from './local/settings.mjs';

const { dependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
/** What CommonJS has and the file of a service, an ECMAScript module, has not. */
const COMMON_JS = `import { createRequire as requireFrom } from 'node:module';
const { filename: __filename, dirname: __dirname } = import.meta;
const require = requireFrom(__filename);`;

await build({
  absWorkingDir: ROOT,
  entryPoints: Object.fromEntries(
    Object.keys(SERVICES).map((name) => [`${name}/main`, `dist/apps/${name}/src/main.js`]),
  ),
  outdir: 'dist/apps',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  keepNames: true, // of classes, which Nest, logs and documents show
  sourcemap: true,
  sourcesContent: false,
  banner: { js: COMMON_JS },
  plugins: [{ name: 'packages', setup: packages }],
  logLevel: 'warning',
});
for (const name of Object.keys(SERVICES)) {
  const main = join(ROOT, 'dist', 'apps', name, 'main.js');
  await nameClassesOnly(main);
  await onlyOurs(`${main}.map`);
}

function packages({ onLoad, onResolve, resolve }) {
  // A package that is loaded only if it is there is none of the bundle's, unless it is one of ours.
  onResolve({ filter: /^[^./#]/ }, async ({ path, kind, resolveDir, pluginData }) => {
    if (pluginData === packages) return undefined;
    const name = path.split('/', path.startsWith('@') ? 2 : 1).join('/');
    if (kind === 'dynamic-import' && !(name in dependencies)) return { path, external: true };
    const found = await resolve(path, { kind, resolveDir, pluginData: packages });
    return found.errors.length > 0 && kind === 'require-call' ? { path, external: true } : found;
  });
  // What these require in their own way would be loaded a second time, from node_modules.
  onLoad({ filter: /@nestjs\/(typeorm|mapped-types)\/.*\.js$/ }, async ({ path }) => ({
    contents: (await readFile(path, 'utf8')).replace('const require = createRequire(import.meta.url);', ''),
  }));
}

/** esbuild would name each arrow function anew whenever it is made: a twentieth of what a webhook costs the gateway. */
async function nameClassesOnly(file) {
  const code = await readFile(file, 'utf8');
  const all = 'var __name = (target, value) => __defProp(';
  const classes =
    'var __name = (target, value) => target.prototype === void 0 || target.name === value ? target : __defProp(';
  if (!code.includes(all)) throw new Error(`${file} does not name its functions as it did`);
  await writeFile(file, code.replace(all, classes));
}

/** Source maps are read at each start: packages, which are most of them, are left out. */
async function onlyOurs(file) {
  const map = JSON.parse(await readFile(file, 'utf8'));
  const theirs = map.sources.map((source) => source.includes('node_modules'));
  let left = false;
  const lines = decode(map.mappings).map((line) =>
    line.flatMap((segment) => {
      const before = left;
      left = segment.length === 1 || theirs[segment[1]];
      if (!left) return [segment];
      return before ? [] : [[segment[0]]]; // from here on nothing is mapped
    }),
  );
  await writeFile(file, JSON.stringify({ ...map, mappings: encode(lines) }));
}
