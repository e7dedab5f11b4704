import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHANNELS, PAYMENT_PROVIDERS, STORES } from './registry.js';

/** Whatever a vendor may be called in code, comments or texts. Kinds that are common words say nothing. */
const NAMES =
  /stripe|whatsapp|messenger|instagram|dialog360|360dialog|vendure|facebook|wamid|\bMeta\b(?!data)/i;
const META_TAG = /<meta |import\.meta|http-equiv/g;

/** Where vendors are at home, and where the past is. */
const AT_HOME = [
  /^libs\/adapters\//,
  /^libs\/vendors\/src\/registry\.ts$/,
  /^apps\/sandbox\//, // plays them
  /^libs\/testing\/|\/tests?\/|\/testing\/|\.(spec|int-spec|e2e-spec)\.ts$/,
  /^migrations\/index\.ts$/,
  /^migrations\/00(0\d|1\d|2\d|3[0-2])-/, // databases of before have their names
];

/** Each with the reason why its name is not a vendor's business alone. */
const EXCEPTIONS: Record<string, string> = {
  'apps/admin/src/meta-apps/meta-apps.ts':
    'merchants bring apps of their own at Meta only; the API calls them so',
  'apps/admin/src/meta-apps/meta-apps.controller.ts': 'the same',
  'apps/admin/src/meta-apps/meta-apps.dto.ts': 'the same',
  'apps/admin/src/admin.module.ts': 'imports them',
  'apps/admin/src/cli/api.gen.ts': 'is written from the API, whose vendors are those of the registry',
  'libs/core/messaging/phone-numbers.ts':
    'people paste wa.me links, and the forms of a number are those that WhatsApp keeps',
  'libs/core/messaging/card-numbers.ts':
    'ids of Meta that look like card numbers are told apart before anything is stored',
  'libs/core/messaging/card-number-search.ts': 'the same',
  'libs/core/tenancy/template-text.ts':
    "a template's text is checked before any channel is asked; the rules are Meta's",
  'libs/core/tenancy/retention.ts': 'the source of the shortest time that the journal keeps',
};

const ROOT = new URL('../../../', import.meta.url).pathname;
const files = ['apps', 'libs', 'migrations']
  .flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  )
  .filter((name) => name.endsWith('.ts') && !AT_HOME.some((home) => home.test(name)));
const naming = files.filter((name) =>
  NAMES.test(readFileSync(join(ROOT, name), 'utf8').replaceAll(META_TAG, '')),
);

it('names no vendor where none is at home', () => {
  expect(files.length).toBeGreaterThan(300);
  expect(naming.filter((name) => !(name in EXCEPTIONS))).toEqual([]);
});

it('excuses nothing that needs no excuse', () => {
  expect(Object.keys(EXCEPTIONS).filter((name) => !naming.includes(name))).toEqual([]);
});

it('would see every vendor that there is, but for kinds that are common words', () => {
  const kinds = [...CHANNELS, ...PAYMENT_PROVIDERS, ...STORES].map(({ kind }) => kind);
  expect(kinds.filter((kind) => !NAMES.test(kind))).toEqual(['signed', 'rest']);
});
