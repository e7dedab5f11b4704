import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ROOT = join(HERE, '..', '..', '..');
const PLUGIN = join(ROOT, 'libs', 'adapters', 'vendure', 'plugin');
/** Git, Jest and the linters do not look into it. */
const FOLDER = join(ROOT, '.waco', 'vendure');
const PACKAGES = ['package.json', 'package-lock.json'];

/**
 * Makes the folder that the server runs in: its packages, once for each lock file, and the plugin as it is now.
 * @returns {Promise<string>} the folder
 */
export async function installVendure() {
  mkdirSync(FOLDER, { recursive: true });
  const hash = hashOf(PACKAGES.map((name) => readFileSync(join(HERE, name))));
  const stamp = join(FOLDER, 'node_modules', '.waco-lock');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== hash) {
    for (const name of PACKAGES) cpSync(join(HERE, name), join(FOLDER, name));
    await npmCi();
    writeFileSync(stamp, hash);
  }
  cpSync(join(HERE, 'server.cjs'), join(FOLDER, 'server.cjs'));
  compilePlugin(hash);
  return FOLDER;
}

async function npmCi() {
  process.stderr.write('Installing the Vendure server that tests use: once, some 140 MB from npm ... ');
  const startedAt = Date.now();
  const windows = process.platform === 'win32';
  const child = spawn(windows ? 'npm.cmd' : 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: FOLDER,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: windows,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const code = await new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', done);
  });
  if (code !== 0) throw new Error(`npm ci failed in ${FOLDER}:\n${output.trimEnd().slice(-3_000)}`);
  process.stderr.write(`done in ${Math.round((Date.now() - startedAt) / 1_000)} s\n`);
}

/** With its types against Vendure's, as a merchant does; only when it has changed. @throws Error naming what is wrong */
function compilePlugin(packages) {
  const target = join(FOLDER, 'plugin');
  const names = readdirSync(PLUGIN).filter((name) => name.endsWith('.ts'));
  const hash = hashOf([packages, ...names.flatMap((name) => [name, readFileSync(join(PLUGIN, name))])]);
  const stamp = join(target, '.compiled');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  rmSync(target, { recursive: true, force: true });
  cpSync(PLUGIN, target, { recursive: true });
  const program = ts.createProgram(
    names.map((name) => join(target, name)),
    {
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      strict: true,
      strictPropertyInitialization: false,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
      useDefineForClassFields: false,
      skipLibCheck: true,
      types: ['node'],
      typeRoots: [join(ROOT, 'node_modules', '@types')],
    },
  );
  const { diagnostics } = program.emit();
  const wrong = [...ts.getPreEmitDiagnostics(program), ...diagnostics];
  if (wrong.length > 0) {
    const host = {
      getCanonicalFileName: (name) => name,
      getCurrentDirectory: () => target,
      getNewLine: () => '\n',
    };
    throw new Error(`the plugin does not compile:\n${ts.formatDiagnostics(wrong, host)}`);
  }
  writeFileSync(stamp, hash);
}

function hashOf(parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
