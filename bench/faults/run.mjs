// npm run faults                        lists the faults
// npm run faults -- <name>              the long form; writes bench/results/faults-<name>.json (needs npm run build)
// npm run faults -- <name> --quick      a short form; `all` runs every one. Writes nothing
// npm run faults -- <name> --rate 20    so many customers' messages a second
// npm run faults -- upgrade --from v1   from this commit, tag or branch
//
// A fault is a module in bench/faults/runs whose default export is
//   name, about      what `npm run faults` lists
//   rate             customers' messages a second: { long, quick }
//   ownFleet         needs a stack of its own
//   missing({ from })   why it cannot run here, if so: alone it fails, among all it is left out
//   run({ quick, perSecond, log, from })   -> { figures, problems }; problems: what was lost, doubled, disordered or differs
//   goals            see judge() in bench/lib/report.mjs; figures of the side `waco`; `longOnly`: not of the short form
// It fails for what is wrong, never for what is slow: a goal that is missed stands in the result.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { ROOT } from '../../deploy/local/settings.mjs';
import { summarise } from '../lib/compare.mjs';
import { endSharing, shareFleet } from '../lib/ordeal.mjs';
import { judge, machine, print, printResult, writeResult } from '../lib/report.mjs';

const FOLDER = join(ROOT, 'bench', 'faults', 'runs');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, rate: { type: 'string' }, from: { type: 'string' } },
});
const faults = await all();
const chosen = positionals[0] === 'all' ? faults : faults.filter((f) => f.name === positionals[0]);
if (chosen.length === 0) {
  list();
  if (positionals[0] !== undefined) print(`\nthere is no fault ${positionals[0]}`);
  process.exit(positionals[0] === undefined ? 0 : 1);
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130)); // what it started ends with it
const failed = [];
if (chosen.length > 1) shareFleet();
// Those that need a stack of their own come last: two at a time would be too much for a small machine.
for (const fault of chosen.toSorted((a, b) => Number(a.ownFleet ?? false) - Number(b.ownFleet ?? false))) {
  const missing = fault.missing?.(values);
  if (missing) {
    print(`\n${fault.name} is left out: ${missing}`);
    if (chosen.length === 1) failed.push(fault.name);
    continue;
  }
  if (fault.ownFleet) await endSharing();
  if (!(await run(fault))) failed.push(fault.name);
}
await endSharing();
if (chosen.length > 1) {
  print(`\n${chosen.length - failed.length} of ${chosen.length} faults left nothing wrong behind`);
  for (const name of failed) print(`  FAILED ${name}`);
}
process.exit(failed.length > 0 ? 1 : 0);

async function all() {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.mjs'));
  const modules = await Promise.all(files.map((file) => import(pathToFileURL(join(FOLDER, file)).href)));
  return modules.map((module) => module.default);
}

function list() {
  print('npm run faults -- <name> [--quick] [--rate <messages a second>] [--from <commit>]\n');
  for (const { name, about } of faults) print(`  ${name.padEnd(16)} ${about}`);
}

/** @returns whether nothing was wrong. */
async function run(fault) {
  const { quick } = values;
  const date = new Date().toISOString();
  const began = performance.now();
  const log = (line) => print(`  ${((performance.now() - began) / 1_000).toFixed(1).padStart(6)} s  ${line}`);
  const perSecond = Number(values.rate ?? fault.rate[quick ? 'quick' : 'long']);
  print(`\n${fault.name}: ${fault.about}${quick ? ' (short form)' : ''}`);
  let result;
  try {
    result = await fault.run({ quick, perSecond, log, from: values.from });
  } catch (error) {
    print(`\nfailed: ${error.stack ?? error}`);
    return false;
  }
  const { problems, tutorial, ...facts } = result;
  const figures = summarise([{ waco: result.figures, ...(tutorial ? { tutorial } : {}) }]);
  const goals = judge(
    fault.goals.filter((goal) => !(quick && goal.longOnly)),
    figures,
    {},
  );
  printResult({ figures, ratios: {}, goals });
  for (const problem of problems) print(`  WRONG ${problem}`);
  if (quick) return problems.length === 0;
  const rate = values.rate ? ` --rate ${values.rate}` : '';
  const from = values.from ? ` --from ${values.from}` : '';
  const command = `npm run faults -- ${fault.name}${rate}${from}`;
  const { figures: _figures, ...others } = facts;
  const about = { about: fault.about, machine: machine(), date, command, perSecond, ...others };
  const path = writeResult(`faults-${fault.name}`, { ...about, figures, ratios: {}, goals, problems });
  print(`\nwritten: ${path}`);
  return problems.length === 0;
}
