// Makes each service one file, `dist/apps/<name>/main.js`: that starts in half the time which its 2,600 modules take.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT, SERVICES } from './local/settings.mjs';

const { dependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
/** What CommonJS has and the file of a service, an ECMAScript module, has not. */
const COMMON_JS = `import { createRequire as requireFrom } from 'node:module';
const { filename: __filename, dirname: __dirname } = import.meta;
const require = requireFrom(__filename);`;
const OWN_REQUIRE = 'const require = createRequire(import.meta.url);';
/** Only our own lines have a source map: that of all packages would be read at each start. */
const NO_MAP = `//# sourceMappingURL=data:application/json;base64,${btoa('{"version":3,"sources":["a"],"mappings":"AAAA"}')}`;

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
  // They serve the files beside them.
  external: ['swagger-ui-dist', '@bull-board/ui'],
  keepNames: true, // of classes, which Nest, logs and documents show
  sourcemap: true,
  sourcesContent: false,
  banner: { js: COMMON_JS },
  plugins: [{ name: 'packages', setup: packages }],
  logLevel: 'warning',
});

function packages({ onLoad, onResolve, resolve }) {
  // A package that is loaded only if it is there is none of the bundle's, unless it is one of ours.
  onResolve({ filter: /^[^./#]/ }, async ({ path, kind, resolveDir, pluginData }) => {
    if (pluginData === packages) return undefined;
    const name = path.split('/', path.startsWith('@') ? 2 : 1).join('/');
    if (kind === 'dynamic-import' && !(name in dependencies)) return { path, external: true };
    const found = await resolve(path, { kind, resolveDir, pluginData: packages });
    return found.errors.length > 0 ? { path, external: true } : found;
  });
  onLoad({ filter: /node_modules\/.*\.[cm]?js$/ }, async ({ path }) => {
    const code = await readFile(path, 'utf8');
    // What these require in their own way would be loaded a second time, from node_modules.
    const own = /@nestjs\/(typeorm|mapped-types)\//.test(path) ? code.replace(OWN_REQUIRE, '') : code;
    return { contents: `${own}\n${NO_MAP}` };
  });
}
