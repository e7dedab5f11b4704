import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../lib/compare.mjs';
import { ask } from '../lib/database.mjs';
import { startFleet } from '../lib/fleet.mjs';
import { Turns } from '../lib/turns.mjs';

const PORT_BASE = Number(process.env.WACO_PORT_BASE ?? 27_000);
const PER_SECOND = 10;
/** Webhooks under way at a time while the backlog is put in. */
const CONNECTIONS = 64;

export default {
  name: 'fairness',
  about: "another merchant's wait while one has a backlog, beside its wait without",
  long: true,
  open,
  comparisons: {
    'p95 with the backlog, of that without': { figure: 'p95 ms', side: 'with', beside: 'without' },
    'p95 with the backlog, of that beside a busy merchant': {
      figure: 'p95 ms',
      side: 'with',
      beside: 'busy',
    },
  },
  goals: [
    { name: 'p95 beside that without', ratio: 'p95 with the backlog, of that without', atMost: 2 },
    { name: 'p95 with the backlog', figure: ['with', 'p95 ms'], atMost: 1_000, unit: ' ms' },
  ],
};

/** The long form's backlog is 100,000 messages. */
async function open({ quick, long }) {
  const backlog = long ? 100_000 : quick ? 2_000 : 10_000;
  const seconds = quick ? 5 : 15;
  const fleet = await startFleet({ portBase: PORT_BASE, merchants: 3, env: { LOG_LEVEL: 'warn' } });
  const [crowd, quiet, another] = fleet.merchants.map((merchant) => [merchant]);
  // The backlog is to be a matter of Waco's own work, and not wait for what Meta takes from one number in a second.
  await ask(fleet.stack.databaseUrl, 'UPDATE tenancy.channel_accounts SET messages_per_second = 1000');
  const turns = new Turns(fleet);
  // By one that is not measured: a merchant that had more than its share stands behind others for a while.
  await turns.closed({ outstanding: 32, seconds: quick ? 3 : 8, merchants: another });
  await turns.open({ perSecond: PER_SECOND, seconds: 2, merchants: quiet });
  await turns.check();

  async function round() {
    const without = await turns.open({ perSecond: PER_SECOND, seconds, merchants: quiet });
    await turns.check();
    const busy = await besideBusy();
    await turns.check();

    const startedAt = performance.now();
    let done = false;
    // The wait is looked at from the first message of the backlog to the last one that is applied.
    const waits = turns.open({
      perSecond: PER_SECOND,
      seconds: 3_600,
      merchants: quiet,
      until: () => done,
    });
    await turns.put({ count: backlog, connections: CONNECTIONS, merchants: crowd });
    const putSeconds = (performance.now() - startedAt) / 1_000;
    const atItsHeight = await pendingThreads(fleet);
    // To count a long backlog costs the database a tenth of a second.
    for (let left = atItsHeight; left > 50; left = await pendingThreads(fleet)) {
      await sleep(left > 5_000 ? 5_000 : 250);
    }
    const appliedSeconds = (performance.now() - startedAt) / 1_000;
    done = true;
    const withBacklog = await waits;
    await turns.check();
    return {
      without: figuresOf(without),
      busy: figuresOf(busy),
      with: {
        ...figuresOf(withBacklog),
        'messages of the backlog': backlog,
        'put in within, s': putSeconds,
        'waiting when all were in': atItsHeight,
        'half of it answered within, s': halfAnswered(fleet, crowd[0], startedAt),
        'applied within, s': appliedSeconds,
        'answered within, s': (performance.now() - startedAt) / 1_000,
      },
    };
  }

  /** The other merchant has as much to do as it can, and no backlog: what sharing the processors alone costs. */
  async function besideBusy() {
    const busy = turns.closed({ outstanding: 16, seconds, merchants: crowd });
    const waits = await turns.open({ perSecond: PER_SECOND, seconds, merchants: quiet });
    await busy;
    return waits;
  }

  return {
    facts: { backlog, perSecond: PER_SECOND, seconds },
    round,
    async close() {
      turns.close();
      await fleet.stop();
    },
  };
}

function figuresOf({ turns, latencies }) {
  return {
    turns,
    'p50 ms': percentile(latencies, 0.5),
    'p95 ms': percentile(latencies, 0.95),
    'p99 ms': percentile(latencies, 0.99),
    'worst ms': latencies.at(-1),
  };
}

/** Seconds from `since` to the middle one of the replies to a merchant's customers. */
function halfAnswered({ vendor }, { phoneNumberId }, since) {
  const waits = vendor.sent
    .filter(({ from, at }) => from === phoneNumberId && at >= since)
    .map(({ at }) => (at - since) / 1_000);
  return percentile(waits, 0.5);
}

async function pendingThreads({ stack }) {
  const [row] = await ask(
    stack.databaseUrl,
    `SELECT count(*)::int AS pending FROM journal.items
     WHERE settled_at IS NULL AND parked_at IS NULL AND queue = 'threads'`,
  );
  return row.pending;
}
