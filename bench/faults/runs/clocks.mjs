import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../../lib/compare.mjs';
import { ordeal } from '../../lib/ordeal.mjs';
import { answers } from '../../lib/shoppers.mjs';
import { AS_REPLAYED, NOTHING_WRONG } from '../goals.mjs';

/** By service, how far its clock is ahead of the database's, in milliseconds: clocks of machines that are kept in time. */
const CLOCKS = {
  'ingest-gateway': 50,
  conversation: -30,
  'catalog-sync': 20,
  checkout: -10,
  outbound: 80,
};
const SECONDS = { long: 120, quick: 15 };
/** Streams that a sweep brings for a hundred turns. A write that is not due by its reader's clock costs nearly one each. */
const SWEPT = 2;

export default {
  name: 'clocks',
  about: 'services whose clocks differ by some tens of milliseconds',
  ownFleet: true,
  rate: { long: 30, quick: 6 },
  goals: [
    ...NOTHING_WRONG,
    AS_REPLAYED,
    { name: 'brought by a sweep', figure: ['waco', 'swept per 100 turns'], atMost: SWEPT },
    { name: 'turn p95', figure: ['waco', 'turn p95, ms'], atMost: 500, unit: ' ms', longOnly: true },
  ],
  run: async ({ quick, perSecond, log }) => {
    const inject = (scene) => measure(scene, SECONDS[quick ? 'quick' : 'long'] * 1_000);
    const result = await ordeal({ fleet: { clocks: CLOCKS }, perSecond, log, inject });
    const swept = result.figures['swept per 100 turns'];
    // Whatever a sweep brings is in time for nobody: here it is no whim of a slow machine but the fault itself.
    const late = swept > SWEPT ? [`a sweep had to bring ${swept.toFixed(1)} streams for 100 turns`] : [];
    return { ...result, problems: [...result.problems, ...late] };
  },
};

/** Nothing more is done to the services: their clocks are wrong from the start. */
async function measure({ fleet, shoppers }, ms) {
  const from = performance.now();
  const sweptBefore = await swept(fleet);
  await sleep(ms);
  const sweeps = (await swept(fleet)) - sweptBefore;
  const turns = turnsOf(fleet, shoppers, from).toSorted((a, b) => a - b);
  return {
    turns: turns.length,
    'turn p50, ms': percentile(turns, 0.5),
    'turn p95, ms': percentile(turns, 0.95),
    swept: sweeps,
    'swept per 100 turns': (sweeps / turns.length) * 100,
  };
}

/** Milliseconds from the acknowledgement of each message since `from` to its reply. */
function turnsOf({ vendor }, { log, threads }, from) {
  const keyOf = ({ merchant, phone }, k) => `${merchant.phoneNumberId}/${phone}/${k}`;
  const acknowledged = new Map(
    log
      .filter(({ at }) => at >= from)
      .map(({ thread, k, at }) => [keyOf(threads[thread - threads[0].n], k), at]),
  );
  return vendor.sent.flatMap((reply) => {
    const at = acknowledged.get(`${reply.from}/${reply.to}/${answers(reply)}`);
    return at === undefined ? [] : [reply.at - at];
  });
}

/** Streams that the sweeps of all services have woken since these started. */
async function swept({ stack }) {
  const texts = await Promise.all(
    Object.values(stack.processes).map(async ({ port }) =>
      (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
    ),
  );
  const values = texts.join('\n').matchAll(/^waco_journal_swept_total\{.*\} (\d+)/gm);
  return [...values].reduce((sum, [, value]) => sum + Number(value), 0);
}
