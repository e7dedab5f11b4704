// What row-level security costs on the hot path: node bench/rls.mjs (needs a build). Every query runs beside the same
// query without it, as a role that bypasses it and names the merchant itself, in turns, in the same run. Writes
// bench/results/rls.json.
import { mkdirSync, mkdtempSync, chmodSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startPostgres } from '../deploy/local/postgres.mjs';
import { ROOT } from '../deploy/local/settings.mjs';
import { HOT_PATH, QUERIES, seed } from './rls-queries.mjs';

const REPETITIONS = 7;
const ROUNDS = 600;
/** Calls of one side before it is the other's turn. */
const TURN = 5;
const GOAL = 1.1;

const folder = mkdtempSync(join(tmpdir(), 'waco-bench-rls-'));
chmodSync(folder, 0o755); // the OS user that the server runs as has to pass
const port = 40_000 + Math.floor(Math.random() * 10_000);
const server = await startPostgres({
  folder: join(folder, 'postgres'),
  port,
  password: 'bench',
  logFile: join(folder, 'postgres.log'),
  // Without waiting for the disk, the share of row-level security is at its largest.
  flags: ['-c', 'synchronous_commit=off', '-c', 'fsync=off', '-c', 'jit=off', '-c', 'autovacuum=off'],
});
try {
  const owner = await connect(server.url('postgres'));
  await owner.query('CREATE DATABASE bench');
  await owner.end();
  const { MIGRATIONS, migrate, SERVICE_ROLES } = await import('../dist/migrations/index.js');
  const passwords = Object.fromEntries(SERVICE_ROLES.map((role) => [role, 'bench']));
  await migrate({ url: server.url('bench'), migrations: MIGRATIONS, passwords });
  const database = await connect(server.url('bench'));
  await bypassingRoles(database, SERVICE_ROLES);
  const facts = await seed(database);
  await database.query('VACUUM ANALYZE');
  await database.query('CHECKPOINT');

  const figures = {};
  for (const query of [...QUERIES, HOT_PATH]) figures[query.name] = await compare(query, facts);
  for (const [name, f] of Object.entries(figures)) {
    print(
      `${name.padEnd(34)} with ${f.withMs.toFixed(3)} ms, without ${f.withoutMs.toFixed(3)} ms, ratio ${f.ratio.toFixed(3)}`,
    );
  }
  write(figures, facts);
  await database.end();
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** A twin of each service's role: the same rights, and row-level security does not apply to it. */
async function bypassingRoles(database, roles) {
  for (const role of roles) {
    await database.query(`CREATE ROLE ${role}_bare LOGIN BYPASSRLS INHERIT PASSWORD 'bench' IN ROLE ${role}`);
  }
}

/**
 * Both sides in turns of a few calls each, so that whatever else the machine does meets both; the ratio of a repetition
 * is that of its two medians, and the median of the repetitions counts.
 */
async function compare({ name, role, run }, facts) {
  const clients = { guarded: await connect(url(role)), bare: await connect(url(`${role}_bare`)) };
  const repetition = async () => {
    const times = { guarded: [], bare: [] };
    for (let turn = 0; turn < ROUNDS / TURN; turn++) {
      for (const side of turn % 2 ? ['guarded', 'bare'] : ['bare', 'guarded']) {
        for (let i = 0; i < TURN; i++) {
          const at = { guarded: side === 'guarded', facts, i: Math.floor(Math.random() * 1e9) };
          times[side].push(await run(clients[side], at));
        }
      }
    }
    return { withMs: median(times.guarded), withoutMs: median(times.bare) };
  };
  await repetition();
  const all = [];
  for (let i = 0; i < REPETITIONS; i++) all.push(await repetition());
  for (const client of Object.values(clients)) await client.end();
  const ratios = all.map(({ withMs, withoutMs }) => withMs / withoutMs);
  print(`  ${name}: ${ratios.map((r) => r.toFixed(2)).join(' ')}`);
  return {
    withMs: median(all.map((r) => r.withMs)),
    withoutMs: median(all.map((r) => r.withoutMs)),
    ratio: median(ratios),
    repetitions: ratios,
  };
}

function write(figures, facts) {
  const rounded = (value) => Math.round(value * 1_000) / 1_000;
  const ratios = Object.fromEntries(Object.entries(figures).map(([name, f]) => [name, rounded(f.ratio)]));
  const goals = [
    {
      name: 'row-level security on the hot path',
      goal: 'at most 10 %',
      value: `${rounded((figures[HOT_PATH.name].ratio - 1) * 100)} %`,
      met: figures[HOT_PATH.name].ratio <= GOAL,
    },
  ];
  const result = {
    what: 'time of the hot path with row-level security, beside the same without it',
    at: new Date().toISOString(),
    machine: { cpus: cpus().length, model: cpus()[0]?.model, node: process.version },
    rows: facts.counts,
    rounds: ROUNDS,
    repetitions: REPETITIONS,
    figures: Object.fromEntries(
      Object.entries(figures).map(([name, f]) => [
        name,
        { withMs: rounded(f.withMs), withoutMs: rounded(f.withoutMs), ratios: f.repetitions.map(rounded) },
      ]),
    ),
    ratios,
    goals,
  };
  mkdirSync(join(ROOT, 'bench', 'results'), { recursive: true });
  writeFileSync(join(ROOT, 'bench', 'results', 'rls.json'), `${JSON.stringify(result, null, 2)}\n`);
  for (const { name, goal, value, met } of goals)
    print(`${name}: ${value} (goal: ${goal}) ${met ? 'met' : 'NOT met'}`);
}

async function connect(connectionString) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return client;
}

function url(role) {
  return `postgres://${role}:bench@127.0.0.1:${port}/bench`;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function print(line) {
  process.stdout.write(`${line}\n`);
}
