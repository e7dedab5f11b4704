import './node-version.mjs';
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { say, runCommand } from './console.mjs';
import { prepare } from './prepare.mjs';
import { Problem, ROOT } from './settings.mjs';

/**
 * Real databases, queues and browsers share two cores badly: their test files run one after the other. What a test
 * left open, such as a connection that is still closing, must not hold the run up when all is reported.
 */
const RUNS = [
  { project: 'unit', args: [] },
  { project: 'int', args: ['--runInBand', '--forceExit'] },
  { project: 'e2e', args: ['--runInBand', '--forceExit'] },
];

/** What tests use when it is there. Each variable holds the path that the tests start. */
const OPTIONAL = [
  {
    variable: 'WACO_TEST_REDIS',
    what: 'redis-server',
    programs: ['redis-server'],
    skipped: 'every test of the Redis queue backend',
  },
  {
    variable: 'WACO_TEST_CHROMIUM',
    what: 'chromium',
    programs: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'],
    skipped: 'every test of a page in a real browser',
  },
];

/**
 * `npm test`: installs, builds, runs all tests, ends with `N passed, N failed`. `npm test -- int` runs one project;
 * what begins with a hyphen goes to Jest.
 */
runCommand(async () => {
  const given = process.argv.slice(2);
  const projects = given.filter((arg) => RUNS.some((run) => run.project === arg));
  const passedOn = given.filter((arg) => !projects.includes(arg));
  const runs = RUNS.filter((run) => projects.length === 0 || projects.includes(run.project));
  const env = { ...process.env, ...findOptional(runs) };
  await prepare();

  const reports = mkdtempSync(join(tmpdir(), 'waco-test-report-'));
  const total = { passed: 0, failed: 0, skipped: 0 };
  try {
    for (const { project, args } of runs) {
      say(`\n── ${project} tests`);
      const report = join(reports, `${project}.json`);
      const code = await jest(
        [
          '--selectProjects',
          project,
          '--passWithNoTests',
          '--json',
          `--outputFile=${report}`,
          ...args,
          ...passedOn,
        ],
        env,
      );
      const counted = count(report);
      // Jest that fails without naming a test has still failed, for example in its set-up.
      if (code !== 0 && counted.failed === 0) counted.failed = 1;
      for (const key of Object.keys(total)) total[key] += counted[key];
    }
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
  say('');
  if (total.skipped > 0) say(`${total.skipped} skipped`);
  say(`${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed > 0 ? 1 : 0;
});

/** Says what will be skipped for want of a program. @throws Problem in CI, where nothing may be. */
function findOptional(runs) {
  if (runs.every((run) => run.project === 'unit')) return {};
  const found = {};
  for (const { variable, what, programs, skipped } of OPTIONAL) {
    const path = process.env[variable] || programs.map(findProgram).find(Boolean);
    if (path && existsSync(path)) found[variable] = path;
    else if (process.env.CI === 'true')
      throw new Problem(`CI runs every test: install ${what}, or set ${variable}.`);
    else say(`${what} was not found: skipped is ${skipped}. Install it, or set ${variable} to its path.`);
  }
  return found;
}

function findProgram(name) {
  const paths = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name));
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false; // not in this folder
    }
  });
}

/** Resolves with Jest's exit code. Its JSON goes to the report file only; the usual output stays on the screen. */
function jest(args, env) {
  return new Promise((resolve, reject) => {
    const jestBin = join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
    const child = spawn(process.execPath, ['--experimental-vm-modules', '--no-warnings', jestBin, ...args], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

function count(report) {
  if (!existsSync(report)) return { passed: 0, failed: 0, skipped: 0 };
  const result = JSON.parse(readFileSync(report, 'utf8'));
  return {
    passed: result.numPassedTests,
    failed: result.numFailedTests + result.numRuntimeErrorTestSuites,
    skipped: result.numPendingTests + result.numTodoTests,
  };
}
