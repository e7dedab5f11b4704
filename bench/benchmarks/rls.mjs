// What row-level security costs on the hot path. Every query runs beside the same query without it, as a role that
// bypasses it and names the merchant itself, in turns of a few calls each.
import { connect } from '../lib/gateway.mjs';
import { median } from '../lib/compare.mjs';
import { PASSWORD, startServers } from '../lib/servers.mjs';
import { HOT_PATH, QUERIES, seed } from '../rls/queries.mjs';

const ROUNDS = 600;
/** Calls of one side before it is the other's turn. */
const TURN = 5;
const ALL = [...QUERIES, HOT_PATH];

export default {
  name: 'rls',
  about: 'the hot path with row-level security, and without it',
  repetitions: 7,
  open,
  comparisons: Object.fromEntries(
    ALL.map(({ name }) => [name, { figure: `${name}, ms`, side: 'guarded', beside: 'bare' }]),
  ),
  goals: [{ name: 'row-level security on the hot path', ratio: HOT_PATH.name, atMost: 1.1 }],
};

async function open({ quick }) {
  const servers = await startServers({
    redis: false,
    // Without waiting for the disk, the share of row-level security is at its largest.
    flags: ['-c', 'synchronous_commit=off', '-c', 'fsync=off', '-c', 'autovacuum=off'],
  });
  const database = await servers.database('bench');
  const owner = await connect(database.url());
  await bypassingRoles(owner);
  const facts = await seed(owner);
  await owner.query('VACUUM ANALYZE');
  await owner.query('CHECKPOINT');
  const rounds = quick ? ROUNDS / 10 : ROUNDS;
  for (const query of ALL) await measure(query, { database, facts, rounds }); // warms up
  return {
    facts: { rows: facts.counts, rounds },
    async round() {
      const figures = { guarded: {}, bare: {} };
      for (const query of ALL) {
        const times = await measure(query, { database, facts, rounds });
        for (const side of ['guarded', 'bare']) figures[side][`${query.name}, ms`] = median(times[side]);
      }
      return figures;
    },
    async close() {
      await owner.end();
      await servers.close();
    },
  };
}

/** A twin of each service's role: the same rights, and row-level security does not apply to it. */
async function bypassingRoles(owner) {
  const { SERVICE_ROLES } = await import('../../dist/migrations/index.js');
  for (const role of SERVICE_ROLES) {
    await owner.query(
      `CREATE ROLE ${role}_bare LOGIN BYPASSRLS INHERIT PASSWORD '${PASSWORD}' IN ROLE ${role}`,
    );
  }
}

/** Both sides in turns of a few calls each, so that whatever else the machine does meets both. */
async function measure({ role, run }, { database, facts, rounds }) {
  const clients = {
    guarded: await connectAsService(database.url(role)),
    bare: await connectAsService(database.url(`${role}_bare`)),
  };
  const times = { guarded: [], bare: [] };
  for (let turn = 0; turn < rounds / TURN; turn++) {
    for (const side of turn % 2 ? ['guarded', 'bare'] : ['bare', 'guarded']) {
      for (let i = 0; i < TURN; i++) {
        const at = { guarded: side === 'guarded', facts, i: Math.floor(Math.random() * 1e9) };
        times[side].push(await run(clients[side], at));
      }
    }
  }
  for (const client of Object.values(clients)) await client.end();
  return times;
}

/** With prepared statements and plans for all values, as the services connect. */
async function connectAsService(connectionString) {
  const { CONNECTION } = await import('../../dist/libs/persistence/src/index.js');
  const client = new CONNECTION.Client({ ...CONNECTION, connectionString });
  await client.connect();
  return client;
}
