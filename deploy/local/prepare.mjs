import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Problem, ROOT } from './settings.mjs';
import { step } from './console.mjs';

const LOCK = join(ROOT, 'package-lock.json');
const MODULES = join(ROOT, 'node_modules');
const INSTALLED = join(MODULES, '.waco-lock');
const BUILT = join(ROOT, 'dist', '.build-stamp');
const SOURCES = ['apps', 'libs', 'migrations', 'bench', 'deploy'];
const BUILD_INPUTS = [
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.base.json',
  'deploy/bundle.mjs',
];

/** Installs packages and builds, each only when something has changed since the last time. @throws Problem */
export async function prepare({ quiet = false } = {}) {
  if (!packagesAreCurrent()) {
    await step('Installing packages', () => run(npm(), ['ci', '--include=dev', '--no-audit', '--no-fund']), {
      quiet,
    });
    stampInstall();
  }
  if (!buildIsCurrent()) {
    const startedAt = new Date();
    await step('Building', () => run(npm(), ['run', 'build']), { quiet });
    mkdirSync(join(ROOT, 'dist'), { recursive: true });
    writeFileSync(BUILT, startedAt.toISOString());
  }
}

function packagesAreCurrent() {
  if (!existsSync(MODULES)) return false;
  if (existsSync(INSTALLED) && readFileSync(INSTALLED, 'utf8') === lockHash()) return true;
  if (!installMatchesLock()) return false;
  stampInstall();
  return true;
}

/** For packages that somebody installed with npm directly: npm's own record must agree with the lock file. */
function installMatchesLock() {
  try {
    const wanted = JSON.parse(readFileSync(LOCK, 'utf8')).packages;
    const present = JSON.parse(readFileSync(join(MODULES, '.package-lock.json'), 'utf8')).packages;
    const names = Object.keys(wanted).filter((name) => name !== '');
    return (
      names.every((n) => (present[n] ? present[n].version === wanted[n].version : wanted[n].optional)) &&
      Object.keys(present).every((n) => n in wanted && existsSync(join(ROOT, n)))
    );
  } catch {
    return false; // no such record, or an unreadable one: install again
  }
}

function lockHash() {
  return createHash('sha256').update(readFileSync(LOCK)).digest('hex');
}

function stampInstall() {
  writeFileSync(INSTALLED, lockHash());
}

function buildIsCurrent() {
  if (!existsSync(BUILT)) return false;
  const builtAt = Date.parse(readFileSync(BUILT, 'utf8'));
  const changed = (path) => existsSync(path) && statSync(path).mtimeMs > builtAt;
  return (
    !BUILD_INPUTS.some((file) => changed(join(ROOT, file))) && !SOURCES.some((f) => newerThan(f, builtAt))
  );
}

/** A folder's own time changes when a file is added or removed. */
function newerThan(folder, time) {
  const path = join(ROOT, folder);
  if (!existsSync(path)) return false;
  return [path, ...readdirSync(path, { recursive: true }).map((name) => join(path, name))].some((entry) => {
    const stat = statSync(entry, { throwIfNoEntry: false });
    return stat !== undefined && (entry.endsWith('.ts') || stat.isDirectory()) && stat.mtimeMs > time;
  });
}

function npm() {
  return process.platform === 'win32' ? 'npm.cmd' : 'npm';
}

/** Runs a command in the clone; what it printed is shown only when it fails. */
function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => reject(new Problem(`${command} could not be run: ${error.message}`)));
    child.on('close', (code) => {
      const last = output.trimEnd().split('\n').slice(-30).join('\n');
      if (code === 0) resolve();
      else reject(new Problem(`${last}\nnpm ${args.join(' ')} failed (exit code ${code}).`));
    });
  });
}
