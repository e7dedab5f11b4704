import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { OPERATOR_KEY, type AdminUnderTest } from './support.js';

const PROGRAM = resolve('dist/apps/admin/src/waco.cli.js');

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** Runs the command-line client in `folder`, as a process of its own with nothing of this one's environment. */
export function runWaco(
  admin: Pick<AdminUnderTest, 'url'>,
  folder: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  if (!existsSync(PROGRAM)) throw new Error('this test runs the built program: npm run build');
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, WACO_API_URL: admin.url, WACO_API_KEY: OPERATOR_KEY, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended: Ended = { code: null, out: '', err: '' };
  child.stdout.on('data', (chunk) => (ended.out += chunk));
  child.stderr.on('data', (chunk) => (ended.err += chunk));
  return new Promise((done) => child.on('close', (code) => done({ ...ended, code })));
}
