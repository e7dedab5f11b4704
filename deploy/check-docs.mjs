import './local/node-version.mjs';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { CHANNELS, PAYMENT_PROVIDERS, STORES } from '../dist/libs/vendors/src/index.js';
import { ROOT } from './local/settings.mjs';

/** Folders of the repository: what begins with one of them is a path, and must be there. */
const FOLDERS = ['apps', 'libs', 'migrations', 'deploy', 'docs', 'bench', '.ci', '.github'];
/** What tools read, beside the variables of the services' env.ts. */
const TOOL_VARIABLES = ['WACO_DATA_DIR', 'ROLE_PASSWORDS'];

/** `npm run docs:check`: paths that the documentation names exist, .env.example is complete, the changelog has the version. */
const problems = [...documents().flatMap(checkDocument), ...checkEnvExample(), ...checkVersion()];
for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length > 0) process.exit(1);
process.stdout.write(
  'documentation: all paths exist, .env.example is complete, the changelog has the version\n',
);

function documents() {
  const top = readdirSync(ROOT).filter((name) => name.endsWith('.md'));
  const docs = existsSync(join(ROOT, 'docs')) ? readdirSync(join(ROOT, 'docs'), { recursive: true }) : [];
  const libs = readdirSync(join(ROOT, 'libs')).map((name) => join('libs', name, 'README.md'));
  return [
    ...top,
    ...docs.filter((name) => name.endsWith('.md')).map((name) => join('docs', name)),
    ...libs.filter((file) => existsSync(join(ROOT, file))),
  ];
}

function checkDocument(file) {
  const lines = readFileSync(join(ROOT, file), 'utf8').split('\n');
  let fenced = false;
  return lines.flatMap((line, index) => {
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced;
    if (fenced) return [];
    const where = `${file}:${index + 1}`;
    return [...checkQuoted(line, where), ...checkLinks(line, file, where)];
  });
}

/** Paths in backticks; one with a placeholder (`<service>`, `*`, `NNNN`, …) stands for many and is left alone. */
function checkQuoted(line, where) {
  return [...line.matchAll(/`([^`]+)`/g)]
    .map((match) => match[1].trim().replace(/:\d+(-\d+)?$/, ''))
    .filter((text) => FOLDERS.some((folder) => text.startsWith(`${folder}/`)))
    .filter((text) => !/[<>*{}…\s]|NNNN|000N/.test(text))
    .filter((text) => !existsSync(join(ROOT, text)))
    .map((text) => `${where}: there is no ${text}`);
}

function checkLinks(line, file, where) {
  const targets = [...line.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)].map((match) => match[1]);
  return targets.flatMap((target) => {
    if (/^[a-z][a-z+.-]*:/i.test(target)) return [];
    const [path, anchor] = decodeURI(target).split('#');
    const full = path === '' ? join(ROOT, file) : resolve(ROOT, dirname(file), path);
    if (!existsSync(full)) return [`${where}: link to ${target}, which does not exist`];
    if (anchor && full.endsWith('.md') && !headings(full).has(anchor)) {
      return [`${where}: ${relative(ROOT, full)} has no heading #${anchor}`];
    }
    return [];
  });
}

/** Anchors as GitHub makes them. */
function headings(path) {
  const titles = [...readFileSync(path, 'utf8').matchAll(/^#{1,6}\s+(.+)$/gm)].map((match) => match[1]);
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replace(/\s/g, '-'),
    ),
  );
}

function checkEnvExample() {
  const listed = new Set(
    [...readFileSync(join(ROOT, '.env.example'), 'utf8').matchAll(/^(?:# ?)?([A-Z][A-Z0-9_]*)=/gm)].map(
      (m) => m[1],
    ),
  );
  const read = new Map(TOOL_VARIABLES.map((name) => [name, 'deploy/local']));
  for (const file of envFiles()) for (const name of variablesOf(file)) read.set(name, file);
  for (const { kind, variables, webhooks } of [...CHANNELS, ...PAYMENT_PROVIDERS, ...STORES]) {
    const all = [...variables, ...Object.values(webhooks?.variables ?? {})];
    for (const { name } of all) read.set(name, kind);
  }
  return [
    ...[...read]
      .filter(([name]) => !listed.has(name))
      .map(([name, by]) => `.env.example lacks ${name}, of ${by}`),
    ...[...listed]
      .filter((name) => !read.has(name))
      .map((name) => `.env.example lists ${name}, which nothing reads`),
  ];
}

/** The version of package.json is that of the lock file, and the newest one with a section of CHANGELOG.md. */
function checkVersion() {
  const versionIn = (file) => JSON.parse(readFileSync(join(ROOT, file), 'utf8')).version;
  const version = versionIn('package.json');
  const changelog = readFileSync(join(ROOT, 'CHANGELOG.md'), 'utf8');
  const sections = [...changelog.matchAll(/^## \[([^\]]+)\]/gm)].map((match) => match[1]);
  return [
    ...(versionIn('package-lock.json') === version ? [] : [`package-lock.json is not of version ${version}`]),
    ...(sections[0] === 'Unreleased' ? [] : ['CHANGELOG.md does not begin with [Unreleased]']),
    ...(sections[1] === version ? [] : [`CHANGELOG.md has no [${version}] after [Unreleased]`]),
  ];
}

function envFiles() {
  const apps = readdirSync(join(ROOT, 'apps')).map((app) => `apps/${app}/src/env.ts`);
  return ['libs/platform/src/env.ts', ...apps].filter((file) => existsSync(join(ROOT, file)));
}

/** The fields, in capitals, of the classes that are called …Env. */
function variablesOf(file) {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const classes = [...text.matchAll(/^export class \w*Env\b.*?^}/gms)].map((match) => match[0]);
  return classes.flatMap((body) =>
    [...body.matchAll(/^ {2}(?:@.*\) )?([A-Z][A-Z0-9_]*)[?!]?:/gm)].map((m) => m[1]),
  );
}
