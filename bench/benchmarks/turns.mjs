import { startFleetOf } from '../lib/before.mjs';
import { inTurns } from '../lib/compare.mjs';
import { startFleet } from '../lib/fleet.mjs';
import { sayMixed } from '../lib/mix.mjs';
import { print } from '../lib/report.mjs';
import { startBot } from '../lib/tutorial.mjs';
import { spreadOf, Turns } from '../lib/turns.mjs';
import { countCpu, processesOf, sum } from '../lib/usage.mjs';

const MERCHANTS = 8;
const OUTSTANDING = 64;
const PORT_BASE = Number(process.env.WACO_PORT_BASE ?? 27_000);
/** The last commit in which a turn was written under a lock and asked the catalog by items of a queue. */
const BEFORE = 'bf09431';

export default {
  name: 'turns',
  about:
    "a customer's message in to the reply's call out, and its statuses; on Redis, on PostgreSQL, and before",
  open,
  comparisons: {
    'CPU per turn, of before': { figure: 'CPU ms a turn', side: 'redis', beside: 'before' },
    'turns a second, of before': { figure: 'turns a second', side: 'redis', beside: 'before' },
    'CPU per turn, of the tutorial': { figure: 'CPU ms a turn', side: 'redis', beside: 'tutorial' },
    'turns a second, of the tutorial': { figure: 'turns a second', side: 'redis', beside: 'tutorial' },
    'turns a second, PostgreSQL of Redis': { figure: 'turns a second', side: 'postgres', beside: 'redis' },
  },
  goals: [
    { name: 'CPU of a turn beside before', ratio: 'CPU per turn, of before', atMost: 0.4 },
    { name: 'turns a second beside before', ratio: 'turns a second, of before', atLeast: 2.5 },
    { name: 'turns a second beside the tutorial', ratio: 'turns a second, of the tutorial', atLeast: 0.25 },
    {
      name: 'p95 at 50 a second, Redis',
      figure: ['redis', 'at 50 a second: p95 ms'],
      atMost: 60,
      unit: ' ms',
    },
  ],
};

/**
 * Every side gets the same messages and the same statuses, from the same code. The short form has no side `before`: to
 * build it and to start it takes longer than all the rest.
 */
async function open({ quick }) {
  const lengths = quick
    ? { peaks: 1, peak: 3, rate: 3, warmUp: 3 }
    : { peaks: 4, peak: 5, rate: 7, warmUp: 45 };
  const contestants = {};
  const close = async () => {
    for (const { turns, fleet } of Object.values(contestants)) {
      turns.close();
      await fleet.stop();
    }
  };
  const enter = async (name, fleet, { rates = [20, 50], journal = true } = {}) => {
    const turns = new Turns(fleet, { journal, say: sayMixed, statuses: true });
    contestants[name] = { fleet, turns, rates, pids: processesOf(fleet) };
    await turns.closed({ outstanding: OUTSTANDING, seconds: lengths.warmUp });
    await turns.check();
  };
  try {
    const options = { merchants: MERCHANTS, env: { LOG_LEVEL: 'warn' } };
    await enter('redis', await startFleet({ ...options, portBase: PORT_BASE }), { rates: [20, 50, 100] });
    // Beside each other, as they are compared most closely.
    const startBefore = quick ? undefined : await startFleetOf(BEFORE);
    if (startBefore) await enter('before', await startBefore({ ...options, portBase: PORT_BASE + 600 }));
    else if (!quick) print(`the side before is left out: git's history here has no commit ${BEFORE}`);
    await enter('postgres', await startFleet({ ...options, portBase: PORT_BASE + 200, queue: 'postgres' }));
    await enter('tutorial', await startBot(PORT_BASE + 400), { rates: [50], journal: false });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    facts: {
      ...{ merchants: MERCHANTS, outstanding: OUTSTANDING, lengths },
      before: contestants.before && BEFORE,
    },
    round: () => round(contestants, lengths),
    close,
  };
}

/**
 * The machine is shared with others, and half as fast in one minute as in another. So the sides are at their peak for some
 * seconds, in turns and several times, and what each did in all of them counts.
 */
async function round(contestants, lengths) {
  const figures = {};
  const peaks = await inTurns(
    sidesOf(contestants, (one) => atPeak(one, lengths.peak)),
    lengths.peaks,
  );
  for (const [name, { pids }] of Object.entries(contestants)) {
    const all = (pick) => sum(peaks.map((peak) => pick(peak[name])));
    const turns = all((peak) => peak.latencies.length);
    const each = (pick) => all(pick) / turns;
    figures[name] = {
      'turns a second': turns / all((peak) => peak.seconds),
      'turns a second, until all statuses are applied': turns / all((peak) => peak.secondsInAll),
      ...spreadOf(
        peaks.flatMap((peak) => peak[name].latencies).sort((a, b) => a - b),
        'at the peak',
      ),
      'CPU ms a turn': each((peak) => sum(Object.values(peak.systems))),
    };
    for (const system of Object.keys(pids)) {
      figures[name][`CPU ms a turn: ${system}`] = each((peak) => peak.systems[system]);
    }
    figures[name]['CPU ms a turn: driver, not counted'] = each((peak) => peak.driver);
  }
  const rates = await inTurns(
    sidesOf(contestants, (one) => atRates(one, lengths.rate)),
    1,
  );
  for (const name of Object.keys(contestants)) Object.assign(figures[name], rates[0][name]);
  return figures;
}

const sidesOf = (contestants, work) =>
  Object.fromEntries(Object.entries(contestants).map(([name, one]) => [name, () => work(one)]));

async function atPeak({ turns, pids }, seconds) {
  const used = countCpu(pids);
  const beganAt = performance.now();
  const { latencies } = await turns.closed({ outstanding: OUTSTANDING, seconds });
  const took = (performance.now() - beganAt) / 1_000;
  await turns.settled();
  const secondsInAll = (performance.now() - beganAt) / 1_000;
  const { systems, driver } = used();
  await turns.check();
  return { latencies, seconds: took, secondsInAll, systems, driver };
}

async function atRates({ turns, rates }, seconds) {
  const figures = {};
  for (const perSecond of rates) {
    const at = await turns.open({ perSecond, seconds });
    Object.assign(figures, spreadOf(at.latencies, `at ${perSecond} a second`));
    figures[`at ${perSecond} a second: acknowledged p50 ms`] = at.acknowledged[at.acknowledged.length >> 1];
    await turns.check();
  }
  return figures;
}
