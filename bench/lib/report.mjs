import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../deploy/local/settings.mjs';

const FOLDER = join(ROOT, 'bench', 'results');

export function print(line = '') {
  process.stdout.write(`${line}\n`);
}

/** What a figure depends on besides the code. */
export function machine() {
  const memoryGb = Math.round(totalmem() / 2 ** 30);
  return { cpus: cpus().length, model: cpus()[0]?.model, memoryGb, node: process.version };
}

/**
 * Judges goals against figures and ratios; a goal whose figure this run does not give is left out.
 * @param goals `{ name, figure: [side, figure] | ratio, atLeast | atMost, unit?, value? }`; `value` picks `median` (the
 *   default), `min` or `max` of the repetitions: what must never happen is judged by its worst run.
 */
export function judge(goals, figures, ratios) {
  const known = ({ figure, ratio }) => (ratio ? ratio in ratios : figures[figure[0]]?.[figure[1]]);
  return goals
    .filter(known)
    .map(({ name, figure, ratio, atLeast, atMost, unit = '', value: pick = 'median' }) => {
      const value = (ratio ? ratios[ratio] : figures[figure[0]][figure[1]])[pick];
      const goal = atLeast === undefined ? `at most ${atMost}${unit}` : `at least ${atLeast}${unit}`;
      const met = atLeast === undefined ? value <= atMost : value >= atLeast;
      return { name, goal, value: `${short(value)}${unit}`, met };
    });
}

/** Medians with their ranges, ratios, goals. */
export function printResult({ figures, ratios, goals }) {
  for (const [side, own] of Object.entries(figures)) {
    print(`\n${side}`);
    for (const [name, spread] of Object.entries(own)) print(`  ${name.padEnd(44)} ${withRange(spread)}`);
  }
  if (Object.keys(ratios).length > 0) print('\nratios');
  for (const [name, spread] of Object.entries(ratios)) print(`  ${name.padEnd(44)} ${withRange(spread)}`);
  if (goals.length > 0) print('\ngoals');
  for (const { name, goal, value, met } of goals) {
    print(`  ${met ? 'met    ' : 'NOT MET'} ${name}: ${value} (goal: ${goal})`);
  }
}

/** The checked-in result of a full run. Returns its path within the repository. */
export function writeResult(name, result) {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, `${name}.json`), `${JSON.stringify(rounded(result), null, 2)}\n`);
  return `bench/results/${name}.json`;
}

function withRange({ median, min, max }) {
  return `${short(median).padStart(10)}   (${short(min)} … ${short(max)})`;
}

/** Four figures say all that a measurement can. */
function short(value) {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}

function rounded(value) {
  if (typeof value === 'number') return Number(short(value));
  if (Array.isArray(value)) return value.map(rounded);
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, rounded(v)]));
}
