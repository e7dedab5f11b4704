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
  const wanted = createHash('sha256');
  for (const name of PACKAGES) wanted.update(readFileSync(join(HERE, name)));
  const hash = wanted.digest('hex');
  const stamp = join(FOLDER, 'node_modules', '.waco-lock');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== hash) {
    for (const name of PACKAGES) cpSync(join(HERE, name), join(FOLDER, name));
    await npmCi();
    writeFileSync(stamp, hash);
  }
  cpSync(join(HERE, 'server.cjs'), join(FOLDER, 'server.cjs'));
  compilePlugin();
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

/** A merchant compiles it with the rest of the shop. Its types were checked when it was written, not here. */
function compilePlugin() {
  const target = join(FOLDER, 'plugin');
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target);
  for (const name of readdirSync(PLUGIN).filter((file) => file.endsWith('.ts'))) {
    const { outputText } = ts.transpileModule(readFileSync(join(PLUGIN, name), 'utf8'), {
      fileName: name,
      compilerOptions: {
        module: ts.ModuleKind.CommonJS,
        target: ts.ScriptTarget.ES2022,
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
        useDefineForClassFields: false,
      },
    });
    writeFileSync(join(target, name.replace(/\.ts$/, '.js')), outputText);
  }
}
