import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './local/settings.mjs';

/** What may be shipped with an MIT program without further duties than naming it. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'PostgreSQL',
  'Python-2.0',
  'Unlicense',
]);

/**
 * `npm run licences`: counts the licences of what runs in production, by the lock file, and names each package whose
 * licence is not among those above. Exit code 1 when there is one. Development packages are not shipped.
 */
const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
const shipped = Object.entries(packages).filter(([path, entry]) => path !== '' && !entry.dev);
const counted = new Map();
const others = [];
for (const [path, entry] of shipped) {
  const licence = entry.license ?? installed(path) ?? 'none given';
  counted.set(licence, (counted.get(licence) ?? 0) + 1);
  if (!isAllowed(licence))
    others.push(`${path.replace(/^.*node_modules\//, '')} ${entry.version}: ${licence}`);
}
for (const [licence, count] of [...counted].toSorted((a, b) => b[1] - a[1])) {
  process.stdout.write(`${String(count).padStart(5)}  ${licence}\n`);
}
process.stdout.write(`${shipped.length} packages, ${others.length} with a licence to look at\n`);
for (const line of others) process.stderr.write(`${line}\n`);
if (others.length > 0) process.exit(1);

/** `A OR B` is ours to choose, `A AND B` binds to both. */
function isAllowed(expression) {
  const choices = expression.replace(/[()]/g, '').split(' OR ');
  return choices.some((choice) => choice.split(' AND ').every((licence) => ALLOWED.has(licence.trim())));
}

/** Where the lock file does not say. Old packages name their licences in a list, of which one may choose. */
function installed(path) {
  const file = join(ROOT, path, 'package.json');
  if (!existsSync(file)) return undefined;
  const { license, licenses } = JSON.parse(readFileSync(file, 'utf8'));
  if (Array.isArray(licenses)) return licenses.map((l) => l.type ?? l).join(' OR ');
  return typeof license === 'object' ? license?.type : license;
}
