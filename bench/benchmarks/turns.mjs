import { startFleet } from '../lib/fleet.mjs';
import { startBot } from '../lib/tutorial.mjs';
import { spreadOf, Turns } from '../lib/turns.mjs';
import { countCpu, processesOf, sum } from '../lib/usage.mjs';

const MERCHANTS = 8;
const OUTSTANDING = 64;
const RATES = [20, 50, 100];
const PORT_BASE = Number(process.env.WACO_PORT_BASE ?? 27_000);

export default {
  name: 'turns',
  about: "a customer's message in to the reply's call out, through all services, on Redis and on PostgreSQL",
  open,
  comparisons: {
    'turns a second, PostgreSQL of Redis': { figure: 'turns a second', side: 'postgres', beside: 'redis' },
    'turns a second, of the tutorial': { figure: 'turns a second', side: 'redis', beside: 'tutorial' },
    'CPU per turn, of the tutorial': { figure: 'CPU ms a turn', side: 'redis', beside: 'tutorial' },
  },
  goals: [
    { name: 'turns a second with Redis', figure: ['redis', 'turns a second'], atLeast: 300 },
    {
      name: 'p95 at 50 a second, Redis',
      figure: ['redis', 'at 50 a second: p95 ms'],
      atMost: 150,
      unit: ' ms',
    },
  ],
};

async function open({ quick }) {
  const lengths = quick ? { peak: 3, rate: 3, warmUp: 3 } : { peak: 12, rate: 7, warmUp: 45 };
  const contestants = {};
  const close = async () => {
    for (const { turns, fleet } of Object.values(contestants)) {
      turns.close();
      await fleet.stop();
    }
  };
  const enter = async (name, fleet, options) => {
    contestants[name] = { fleet, turns: new Turns(fleet, options), pids: processesOf(fleet) };
    await contestants[name].turns.closed({ outstanding: OUTSTANDING, seconds: lengths.warmUp });
    await contestants[name].turns.check();
  };
  try {
    const env = { LOG_LEVEL: 'warn' };
    await enter('redis', await startFleet({ portBase: PORT_BASE, merchants: MERCHANTS, env }));
    const queue = 'postgres';
    await enter(queue, await startFleet({ portBase: PORT_BASE + 200, queue, merchants: MERCHANTS, env }));
    await enter('tutorial', await startBot(PORT_BASE + 400), { journal: false });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    facts: { merchants: MERCHANTS, outstanding: OUTSTANDING, lengths },
    sides: {
      redis: () => run(contestants.redis, lengths, RATES),
      postgres: () => run(contestants.postgres, lengths, RATES),
      tutorial: () => run(contestants.tutorial, lengths, [50]),
    },
    close,
  };
}

async function run({ turns, pids }, lengths, rates) {
  const used = countCpu(pids);
  const peak = await turns.closed({ outstanding: OUTSTANDING, seconds: lengths.peak });
  const { systems, driver } = used();
  await turns.check();
  const figures = {
    'turns a second': peak.perSecond,
    ...spreadOf(peak.latencies, 'at the peak'),
    'CPU ms a turn': sum(systems) / peak.turns,
  };
  for (const name of Object.keys(pids)) figures[`CPU ms a turn: ${name}`] = systems[name] / peak.turns;
  figures['CPU ms a turn: driver, not counted'] = driver / peak.turns;
  for (const perSecond of rates) {
    const at = await turns.open({ perSecond, seconds: lengths.rate });
    Object.assign(figures, spreadOf(at.latencies, `at ${perSecond} a second`));
    figures[`at ${perSecond} a second: acknowledged p50 ms`] = at.acknowledged[at.acknowledged.length >> 1];
    await turns.check();
  }
  return figures;
}
