import { median } from '../lib/compare.mjs';
import { startFleet } from '../lib/fleet.mjs';
import { spreadOf, Turns } from '../lib/turns.mjs';
import { processesOf, residentMb } from '../lib/usage.mjs';

const PORT_BASE = Number(process.env.WACO_PORT_BASE ?? 27_000);
const PER_SECOND = 50;
const HOUR_MS = 3_600_000;
const SERVICES = ['ingest-gateway', 'conversation', 'catalog-sync', 'checkout', 'outbound', 'admin', 'redis'];

export default {
  name: 'soak',
  about: `memory of each process while customers write ${PER_SECOND} messages a second`,
  long: true,
  repetitions: 1,
  open,
  goals: SERVICES.map((name) => ({
    name: `${name}: memory at the end of half an hour, of that after ten minutes`,
    figure: [name, 'at the end, of that after a third'],
    atMost: 1.1,
  })),
};

/** The long form takes half an hour; only then has a heap found its size, so only then is it judged. */
async function open({ quick, long }) {
  const seconds = long ? 1_800 : quick ? 60 : 180;
  const fleet = await startFleet({ portBase: PORT_BASE, merchants: 8, env: { LOG_LEVEL: 'warn' } });
  const turns = new Turns(fleet);
  const { postgres: _postgres, sandbox: _sandbox, ...pids } = processesOf(fleet);

  async function round() {
    const samples = [];
    const began = performance.now();
    const sample = () => samples.push({ at: performance.now() - began, mb: residentMb(pids) });
    const sampling = setInterval(sample, 1_000);
    const steady = await turns
      .open({ perSecond: PER_SECOND, seconds })
      .finally(() => clearInterval(sampling));
    await turns.check();
    const figures = { turns: { turns: steady.turns, ...spreadOf(steady.latencies, 'over all') } };
    for (const name of Object.keys(pids)) {
      const own = samples.map(({ at, mb }) => ({ at, mb: mb[name] }));
      figures[name] = memoryFigures(own, long);
    }
    return figures;
  }

  return {
    facts: { perSecond: PER_SECOND, seconds },
    round,
    async close() {
      turns.close();
      await fleet.stop();
    },
  };
}

function memoryFigures(samples, judged) {
  const part = (from, to) => samples.slice(Math.floor(samples.length * from), Math.ceil(samples.length * to));
  const mid = (of) => median(of.map((s) => s.mb));
  const third = mid(part(0.3, 0.37));
  const end = mid(part(0.93, 1));
  return {
    'MB at the start': samples[0].mb,
    'MB after a third': third,
    'MB at the end': end,
    'MB an hour, last two thirds': slope(part(1 / 3, 1)) * HOUR_MS,
    ...(judged ? { 'at the end, of that after a third': end / third } : {}),
  };
}

/** Of the straight line that fits best. */
function slope(samples) {
  const mean = (pick) => samples.reduce((sum, s) => sum + pick(s), 0) / samples.length;
  const [at, mb] = [mean((s) => s.at), mean((s) => s.mb)];
  const spread = samples.reduce((sum, s) => sum + (s.at - at) ** 2, 0);
  return samples.reduce((sum, s) => sum + (s.at - at) * (s.mb - mb), 0) / spread;
}
