// npm run bench                        lists the benchmarks
// npm run bench -- <name>              runs one and writes bench/results/<name>.json (needs npm run build)
// npm run bench -- <name> --quick      a short run, which writes nothing; `all` runs every one
// npm run bench -- <name> --long       the long form of a benchmark that has one, once; bench/results/<name>-long.json
//
// A benchmark is a module in bench/benchmarks whose default export is
//   name, about       what `npm run bench` lists
//   open({ quick, long }) -> { sides, close, facts? }; a side is async () => ({ [figure]: number }), and throws when what was
//                     acknowledged, what was stored and what was done are not the same. Instead of `sides`, `round` may
//                     give the figures of all sides at once: async () => ({ [side]: { [figure]: number } })
//   long              true when there is a long form
//   comparisons       { [name]: { figure, side, beside } }
//   goals             see judge() in lib/report.mjs
// Nothing fails because of a time: a goal that is missed stands in the result.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { ROOT } from '../deploy/local/settings.mjs';
import { compare, inTurns, summarise } from './lib/compare.mjs';
import { judge, machine, print, printResult, writeResult } from './lib/report.mjs';

const FOLDER = join(ROOT, 'bench', 'benchmarks');
const REPETITIONS = 3;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    repetitions: { type: 'string' },
  },
});
const benchmarks = await all();
const benchmark = benchmarks.find((b) => b.name === positionals[0]);
if (benchmark && values.long && !benchmark.long) throw new Error(`${benchmark.name} has no long form`);
if (benchmark) process.exit(await run(benchmark, values));
if (positionals[0] === 'all') process.exit(await runAll(benchmarks, values));
list(benchmarks);
if (positionals[0] !== undefined) {
  print(`\nthere is no benchmark ${positionals[0]}`);
  process.exit(1);
}

async function all() {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.mjs'));
  const modules = await Promise.all(files.map((file) => import(pathToFileURL(join(FOLDER, file)).href)));
  return modules.map((module) => module.default);
}

function list(benchmarks) {
  print('npm run bench -- <name> [--quick | --long]\n');
  for (const { name, about, long } of benchmarks) {
    print(`  ${name.padEnd(10)} ${about}${long ? ' (has a long form)' : ''}`);
  }
}

/** Each in a process of its own, so that none begins with what another left in memory. */
async function runAll(those, { quick, repetitions }) {
  const failed = [];
  for (const { name } of those) {
    const args = [
      name,
      ...(quick ? ['--quick'] : []),
      ...(repetitions ? ['--repetitions', repetitions] : []),
    ];
    const { status } = spawnSync(process.execPath, [import.meta.filename, ...args], { stdio: 'inherit' });
    if (status !== 0) failed.push(name);
  }
  print(
    `\n${those.length - failed.length} of ${those.length} benchmarks delivered everything once and in order`,
  );
  for (const name of failed) print(`  FAILED ${name}`);
  return failed.length > 0 ? 1 : 0;
}

/** @returns the exit code: 1 when something was lost, doubled or out of order. */
async function run(benchmark, { quick, long, repetitions }) {
  const date = new Date().toISOString();
  const times = long ? 1 : Number(repetitions ?? benchmark.repetitions ?? REPETITIONS);
  print(`${benchmark.name}: ${benchmark.about}${quick ? ' (short run)' : ''}`);
  const open = await benchmark.open({ quick, long });
  let rounds;
  try {
    rounds = await repeat(open, times);
  } catch (error) {
    print(`\nfailed: ${error.stack ?? error}`);
    return 1;
  } finally {
    await open.close();
  }
  const figures = summarise(rounds);
  const ratios = compare(rounds, benchmark.comparisons ?? {});
  const goals = judge(benchmark.goals ?? [], figures, ratios);
  printResult({ figures, ratios, goals });
  if (quick) return 0;
  const command = `npm run bench -- ${benchmark.name}${long ? ' --long' : ''}`;
  const facts = {
    about: benchmark.about,
    machine: machine(),
    date,
    command,
    repetitions: times,
    ...open.facts,
  };
  print(
    `\nwritten: ${writeResult(benchmark.name + (long ? '-long' : ''), { ...facts, figures, ratios, goals })}`,
  );
  return 0;
}

async function repeat({ sides, round }, times) {
  const tell = (side, figures) => {
    const shown = Object.entries(figures).map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`);
    print(`  ${side}: ${shown.join(', ')}`);
  };
  if (sides) return inTurns(sides, times, tell);
  const rounds = [];
  for (let i = 0; i < times; i++) rounds.push(await round(i));
  return rounds;
}
