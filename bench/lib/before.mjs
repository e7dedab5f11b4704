import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../../deploy/local/settings.mjs';

/**
 * What an earlier commit of this project starts as a fleet, in its own code. That is taken from git and built in
 * `dist/before/<commit>` when it is asked for first, which takes a minute, and stays there.
 * @param {string} ref a commit, a tag or a branch.
 * @returns {Promise<((options: object) => Promise<object>) | undefined>} the commit's own startFleet(), in the form of
 *   fleet.mjs; undefined when git is not there, or its history does not reach so far.
 */
export async function startFleetOf(ref) {
  const commit = commitOf(ref);
  if (!commit) return undefined;
  const folder = join(ROOT, 'dist', 'before', commit);
  if (!existsSync(folder)) build(commit, folder);
  const fleet = await import(pathToFileURL(join(folder, 'bench', 'lib', 'fleet.mjs')).href);
  return fleet.startFleet;
}

/** The commit that a name stands for now; undefined when it is not in the history here. */
export function commitOf(ref) {
  try {
    const args = ['rev-parse', '--short', '--verify', '--quiet', `${ref}^{commit}`];
    const commit = execFileSync('git', args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'ignore'] });
    return String(commit).trim();
  } catch {
    return undefined; // no git, no repository, or a shallow one
  }
}

/** The folder is there when it is whole: a build that was broken off begins anew. */
function build(commit, folder) {
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  const archive = execFileSync('git', ['archive', commit], { cwd: ROOT, maxBuffer: 1 << 30 });
  execFileSync('tar', ['-x'], { cwd: unfinished, input: archive });
  if (hasSamePackages(unfinished)) {
    symlinkSync(join(ROOT, 'node_modules'), join(unfinished, 'node_modules'), 'junction');
  } else {
    npm(unfinished, 'ci', '--no-audit', '--no-fund');
  }
  npm(unfinished, 'run', 'build');
  renameSync(unfinished, folder);
}

function hasSamePackages(folder) {
  const [theirs, ours] = [folder, ROOT].map((root) => readFileSync(join(root, 'package-lock.json'), 'utf8'));
  return theirs === ours;
}

function npm(cwd, ...args) {
  execFileSync('npm', args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
}
