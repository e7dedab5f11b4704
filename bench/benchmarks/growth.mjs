import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../lib/compare.mjs';
import { ask } from '../lib/database.mjs';
import { startFleet } from '../lib/fleet.mjs';
import { fillJournal, HISTORY, requestRetention } from '../lib/history.mjs';
import { Turns } from '../lib/turns.mjs';
import { countCpu, processesOf, sum } from '../lib/usage.mjs';

const PORT_BASE = Number(process.env.WACO_PORT_BASE ?? 27_000);
const MERCHANTS = 8;
const CONNECTIONS = 32;
const PER_SECOND = 20;
const KEPT_DAYS = 30;
/** Services that work on what the gateway stores: they stand still while the gateway is measured. */
const BEHIND_THE_GATEWAY = ['conversation', 'catalog-sync', 'checkout', 'outbound', 'admin'];

export default {
  name: 'growth',
  about:
    'ingest and turns with a million settled items in the journal (--long: ten), beside none; and removing the old ones',
  long: true,
  open,
  comparisons: {
    'CPU per ingest, of that with an empty journal': {
      figure: 'CPU ms an ingest',
      side: 'filled',
      beside: 'empty',
    },
    'CPU per turn, of that with an empty journal': {
      figure: 'CPU ms a turn',
      side: 'filled',
      beside: 'empty',
    },
    'p50 of a turn, of that with an empty journal': {
      figure: `at ${PER_SECOND} a second: p50 ms`,
      side: 'filled',
      beside: 'empty',
    },
  },
  goals: [
    { name: 'ingest', ratio: 'CPU per ingest, of that with an empty journal', atMost: 1.2 },
    { name: 'turn', ratio: 'CPU per turn, of that with an empty journal', atMost: 1.2 },
  ],
};

/** The long form has ten million rows. */
async function open({ quick, long }) {
  const rows = long ? 10_000_000 : quick ? 100_000 : 1_000_000;
  const sizes = quick ? { ingests: 500, turns: 4, steady: 4 } : { ingests: 2_000, turns: 8, steady: 8 };
  const fleets = [];
  const close = async () => {
    for (const { turns, fleet } of fleets) {
      turns.close();
      await fleet.stop();
    }
  };
  const enter = async (portBase) => {
    const fleet = await startFleet({ portBase, merchants: MERCHANTS, env: { LOG_LEVEL: 'warn' } });
    const turns = new Turns(fleet);
    fleets.push({ fleet, turns });
    await turns.closed({ outstanding: CONNECTIONS, seconds: quick ? 3 : 10 });
    await turns.check();
    return { fleet, turns, url: fleet.stack.databaseUrl, pids: processesOf(fleet) };
  };
  try {
    const empty = await enter(PORT_BASE);
    const filled = await enter(PORT_BASE + 200);
    await fillJournal(filled.url, { rows, days: KEPT_DAYS * 1.5 });
    await filled.turns.closed({ outstanding: CONNECTIONS, seconds: 2 });
    await filled.turns.check();
    return {
      facts: { rows, ...sizes },
      sides: {
        empty: () => measure(empty, sizes),
        filled: () => measure(filled, sizes),
        retention: (i) => retention(filled, sizes, i),
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function measure({ fleet, turns, pids }, sizes) {
  const { stack } = fleet;
  const gateway = { gateway: pids['ingest-gateway'], postgres: pids.postgres };
  const signal = (name) => BEHIND_THE_GATEWAY.forEach((s) => stack.processes[s].child.kill(name));
  signal('SIGSTOP');
  const used = countCpu(gateway);
  await turns.put({ count: sizes.ingests, connections: CONNECTIONS });
  const ingest = used().systems;
  signal('SIGCONT');
  await turns.check();

  const usedByTurns = countCpu(pids);
  const peak = await turns.closed({ outstanding: CONNECTIONS, seconds: sizes.turns });
  const { systems } = usedByTurns();
  await turns.check();
  const steady = await turns.open({ perSecond: PER_SECOND, seconds: sizes.steady });
  await turns.check();
  return {
    'CPU ms an ingest': sum(ingest) / sizes.ingests,
    'CPU ms an ingest: postgres': ingest.postgres / sizes.ingests,
    'CPU ms a turn': sum(systems) / peak.turns,
    'CPU ms a turn: postgres': systems.postgres / peak.turns,
    'turns a second': peak.perSecond,
    ...latencies(steady),
  };
}

/** One merchant's items that are older than it keeps them go, while customers write. */
async function retention({ fleet, turns, url }, sizes, i) {
  const { merchantId } = fleet.merchants[i % MERCHANTS];
  const startsAt = new Date();
  const before = await ages(url, merchantId, startsAt);
  let removed = false;
  const writing = turns.open({ perSecond: PER_SECOND, seconds: 3_600, until: () => removed });
  const item = await requestRetention(url, merchantId, `bench_${i}`);
  const startedAt = performance.now();
  while (!(await isSettled(url, item))) await sleep(100);
  const seconds = (performance.now() - startedAt) / 1_000;
  removed = true;
  const meanwhile = await writing;
  await turns.check();
  const after = await ages(url, merchantId, startsAt);
  if (after.old > 0) throw new Error(`${after.old} items are older than ${KEPT_DAYS} days`);
  if (after.kept < before.kept) throw new Error(`${before.kept - after.kept} items went too early`);
  return {
    'items removed': before.old,
    'items removed a second': before.old / seconds,
    ...latencies(meanwhile),
  };
}

/** How many items are old when the removal begins, and how many still are not when it ends, an hour later at most. */
async function ages(url, merchantId, startsAt) {
  const [row] = await ask(
    url,
    `SELECT count(*) FILTER (WHERE age > interval '0')::int AS old,
       count(*) FILTER (WHERE age < interval '-1 hour')::int AS kept
     FROM (SELECT $3::timestamptz - $2::int * interval '1 day' - settled_at AS age FROM journal.items
           WHERE merchant_id = $1 AND settled_at IS NOT NULL AND external_id LIKE '${HISTORY}%') i`,
    [merchantId, KEPT_DAYS, startsAt],
  );
  return row;
}

async function isSettled(url, id) {
  const rows = await ask(url, 'SELECT FROM journal.items WHERE id = $1 AND settled_at IS NOT NULL', [id]);
  return rows.length > 0;
}

function latencies({ latencies: sorted }) {
  return {
    [`at ${PER_SECOND} a second: p50 ms`]: percentile(sorted, 0.5),
    [`at ${PER_SECOND} a second: p95 ms`]: percentile(sorted, 0.95),
  };
}
