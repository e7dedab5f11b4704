import { Redis } from 'ioredis';
import { freePort, cpuMs, startServers } from '../lib/servers.mjs';
import { checkSame, waitingJobs } from '../lib/delivery.mjs';
import { APP_SECRET, connect, startGateway } from '../lib/gateway.mjs';
import { latencyFigures, load } from '../lib/load.mjs';

const CONNECTIONS = 128;
/** More than any side takes in a second: how many webhooks have to be made before a run. */
const AT_MOST_PER_SECOND = 25_000;

export default {
  name: 'ingest',
  about: 'signed webhooks acknowledged a second: the gateway, the tutorial way, and storing nothing',
  open,
  comparisons: {
    'webhooks a second, of the tutorial': { figure: 'webhooks a second', side: 'waco', beside: 'tutorial' },
    'webhooks a second, of raw': { figure: 'webhooks a second', side: 'waco', beside: 'raw' },
    "the server's CPU per webhook, of the tutorial": {
      figure: 'CPU ms a webhook',
      side: 'waco',
      beside: 'tutorial',
    },
  },
  goals: [
    { name: 'rate beside the tutorial', ratio: 'webhooks a second, of the tutorial', atLeast: 3 },
    { name: 'rate beside raw', ratio: 'webhooks a second, of raw', atLeast: 0.45 },
    { name: 'CPU beside the tutorial', ratio: "the server's CPU per webhook, of the tutorial", atMost: 0.3 },
    { name: 'p50 at half of the peak', figure: ['waco', 'half of the peak: p50 ms'], atMost: 5, unit: ' ms' },
    {
      name: 'p99 at half of the peak',
      figure: ['waco', 'half of the peak: p99 ms'],
      atMost: 50,
      unit: ' ms',
    },
    {
      name: 'worst at half of the peak',
      figure: ['waco', 'half of the peak: worst ms'],
      atMost: 1_000,
      unit: ' ms',
      value: 'max',
    },
  ],
};

async function open({ quick }) {
  const seconds = quick ? 2 : 6;
  const servers = await startServers();
  const redis = new Redis(servers.redis.url);
  const database = await servers.database('bench');
  const gateway = await startGateway(servers, { database });
  const owner = await connect(database.url());
  const tutorial = await startOther('tutorial', 'dist/bench/comparisons/tutorial/main.js', 'webhooks/health');
  const raw = await startOther('raw', 'bench/comparisons/raw.mjs', '');

  async function startOther(name, script, ready) {
    const port = await freePort();
    const env = { PORT: String(port), APP_SECRET, REDIS_URL: servers.redis.url, NODE_ENV: 'production' };
    return { process: await servers.start(name, script, { port, env, ready }), port };
  }

  /** All connections as fast as they are answered, then arrivals at half of the rate that gave. */
  const side = async (server, stored, { halfToo = true } = {}) => {
    const peak = await measure(server, stored, { seconds });
    const { half } = halfToo ? await measure(server, stored, { seconds, perSecond: peak.rate / 2 }) : {};
    return { ...peak.figures, ...half };
  };

  let runs = 0;
  const measure = async (server, stored, { seconds, perSecond }) => {
    const rate = perSecond ? perSecond * 1.3 : AT_MOST_PER_SECOND;
    const webhooks = {
      count: Math.ceil(rate * seconds) + 100,
      secret: APP_SECRET,
      run: String(++runs),
      account: gateway.account,
    };
    const pids = {
      server: server.process.pid,
      postgres: servers.postgres.pid,
      redis: servers.redis.process.pid,
    };
    const cpu = () => Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, cpuMs(pid)]));
    const { port } = server;
    const options = {
      port,
      path: '/webhooks/whatsapp',
      connections: CONNECTIONS,
      seconds,
      perSecond,
      webhooks,
    };
    const sent = await load(options, cpu);
    const used = cpu();
    if (sent.refused > 0) throw new Error(`${sent.refused} webhooks were refused`);
    if (stored) checkSame(sent.ids, await stored());
    await redis.flushall();
    await owner.query('TRUNCATE journal.items');
    const each = (name) => (used[name] - sent.started[name]) / sent.acknowledged;
    const perWebhook = sent.acknowledged / sent.seconds;
    return {
      rate: perWebhook,
      figures: {
        'webhooks a second': perWebhook,
        'CPU ms a webhook': each('server'),
        'CPU ms a webhook, its servers too': each('server') + each('postgres') + each('redis'),
        ...latencyFigures(sent.latencies, 'peak'),
      },
      half: latencyFigures(sent.latencies, 'half of the peak'),
    };
  };

  const warmUp = quick ? 1 : 4;
  await measure(gateway, storedInJournal, { seconds: warmUp });
  await measure(tutorial, storedInRedis, { seconds: warmUp });
  await measure(raw, undefined, { seconds: warmUp });

  const sides = {
    waco: () => side(gateway, storedInJournal),
    tutorial: () => side(tutorial, storedInRedis),
    raw: () => side(raw, undefined, { halfToo: false }),
  };

  /** Ids in the journal; each stream must have been woken besides. */
  async function storedInJournal() {
    const { rows } = await owner.query('SELECT external_id AS id, stream FROM journal.items');
    const lanes = ['threads', 'threads-crowd'].map((lane) => waitingJobs(redis, `{waco-${lane}}:${lane}`));
    const jobs = (await Promise.all(lanes)).flat();
    const woken = new Set(jobs.flatMap(({ stream, others = [] }) => [stream, ...others]));
    const asleep = rows.find((row) => !woken.has(row.stream));
    if (asleep) throw new Error(`nobody was told of ${asleep.stream}`);
    return rows.map((row) => row.id.split('/').at(-1));
  }

  async function storedInRedis() {
    return (await waitingJobs(redis, 'bull:whatsapp')).map(
      (body) => body.entry[0].changes[0].value.messages[0].id,
    );
  }

  return {
    facts: { connections: CONNECTIONS, seconds },
    sides,
    async close() {
      await owner.end();
      redis.disconnect();
      await servers.close();
    },
  };
}
