import { randomInt } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import pg from 'pg';
import { LANES } from '#contracts';
import { Poster, newWamid, phoneOf } from '../../bench/lib/customers.mjs';
import { ask, startDatabase } from '../../bench/lib/database.mjs';
import { FormerLife } from '../../bench/lib/former-life.mjs';
import { countEffects, RECEIVE, untilQuiet } from '../../bench/lib/readback.mjs';
import { fromText, restoreRows } from '../../bench/lib/recording.mjs';
import { Shoppers } from '../../bench/lib/shoppers.mjs';
import { startVendor } from '../../bench/lib/vendor.mjs';
import { MIGRATIONS, migrate } from '../../migrations/index.js';
import { urlsOf } from '../local/environment.mjs';
import { loadSecrets } from '../local/secrets.mjs';
import { portsFrom } from '../local/settings.mjs';
import { startStack } from '../local/stack.mjs';

jest.setTimeout(300_000);

/** What bench/faults/record-former.mjs wrote down. */
const RECORDING = join(import.meta.dirname, 'support', 'former-release.json');
/** What the gateway gives an item; all else is the database's. */
const GIVEN = [
  ...['merchant_id', 'service', 'queue', 'stream', 'name', 'source', 'external_id', 'payload'],
  ...['occurred_at', 'due_at'],
];
const FIRST_WRITTEN = 8_000_000;
const WRITE_EVERY_MS = 50;

describe('a database of the former release', () => {
  let dataDir, database, vendor, stack, recorded, writer, shoppers, life, problems, written;
  const portBase = 28_000 + randomInt(20) * 150;

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'waco-upgrade-'));
    chmodSync(dataDir, 0o755); // the OS user that the database runs as has to pass
    const urls = urlsOf(portsFrom(portBase), '127.0.0.1');
    recorded = fromText(readFileSync(RECORDING, 'utf8'), urls);
    writeFileSync(join(dataDir, 'secrets.json'), JSON.stringify(recorded.secrets));
    const secrets = loadSecrets(dataDir);
    database = await startDatabase({ folder: dataDir, port: portBase + 62 });
    await migrateAsBefore(database.url, secrets.roles);
    await restoreRows(database.url, recorded.rows);

    writer = await startWriter(database, secrets.roles.waco_ingest);
    const { ran } = await migrate(migration(MIGRATIONS, secrets.roles));
    expect(ran).toEqual(MIGRATIONS.slice(formerMigrations().length).map(({ name }) => name));
    const sandboxUrl = `http://127.0.0.1:${portBase + 100}`;
    vendor = await startVendor({ sandboxUrl, port: portBase + 60 });
    vendor.sent.push(...recorded.shopped.sent);
    const fleet = { vendor, merchants: recorded.merchants };
    // Its first replies come while it starts: who follows them must be there.
    fleet.stack = { urls, secrets, databaseUrl: database.url };
    const poster = new Poster(urls.gateway);
    shoppers = new Shoppers({ fleet, poster });
    shoppers.threads.push(...recorded.shopped.threads);
    shoppers.log.push(...recorded.shopped.log);
    stack = await startStack({
      ...{ dataDir, portBase, databaseUrl: database.url, quiet: true, demo: false },
      env: { WHATSAPP_BASE_URL: `${vendor.url}/graph`, LOG_LEVEL: 'warn' },
    });
    written = await writer.stop();
    for (const person of written) shoppers.adopt(person);
    problems = [];
    life = FormerLife.resume({ fleet, shoppers, problems }, recorded.life);
  });

  afterAll(async () => {
    await writer?.stop();
    shoppers?.close();
    await stack?.stop();
    await vendor?.close();
    await database?.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  function formerMigrations() {
    const last = MIGRATIONS.findIndex(({ name }) => name === recorded.migration);
    return MIGRATIONS.slice(0, last + 1);
  }

  function migration(migrations, roles) {
    const queues = LANES.map(({ name }) => name);
    return { url: database.url, migrations, passwords: roles, queues, sandbox: true };
  }

  /** What rights are set after the migrations is this release's, and may name what is not there yet. */
  async function migrateAsBefore(url, { waco_ingest: password }) {
    const former = formerMigrations();
    await migrate(migration(former, {})).catch(() => undefined);
    const ran = await ask(url, 'SELECT name FROM public.waco_migrations ORDER BY id');
    expect(ran.map(({ name }) => name)).toEqual(former.map(({ name }) => name));
    await ask(url, `ALTER ROLE waco_ingest LOGIN PASSWORD ${pg.escapeLiteral(password)}`);
  }

  /** The former release's gateway: new people write, each once, in the columns that it knew. */
  async function startWriter({ url }, password) {
    const own = Object.assign(new URL(url), { username: 'waco_ingest', password });
    const client = new pg.Client({ connectionString: own.href });
    await client.connect();
    const model = recorded.shopped.threads.at(-1);
    const { id: modelId } = recorded.shopped.log.at(-1);
    const item = recorded.rows['journal.items'].find(
      ({ name, payload }) => name === RECEIVE && payload.messageId === modelId,
    );
    const people = [];
    const stopping = new AbortController();
    const writing = (async () => {
      for (let n = FIRST_WRITTEN; !stopping.signal.aborted; n++, await sleep(WRITE_EVERY_MS)) {
        const person = { n, merchant: model.merchant, phone: phoneOf(n), id: newWamid() };
        const its = JSON.stringify(item)
          .replaceAll(model.phone, person.phone)
          .replaceAll(modelId, person.id)
          .replaceAll(`zq${model.n}x`, `zq${n}x`);
        await client.query(
          `INSERT INTO journal.items (${GIVEN.join()})
           SELECT ${GIVEN.join()} FROM json_populate_record(NULL::journal.items, $1)`,
          [its],
        );
        people.push(person);
      }
    })();
    writing.catch(() => undefined); // told by stop()
    return {
      async stop() {
        if (stopping.signal.aborted) return people;
        stopping.abort();
        await writing;
        await client.end();
        return people;
      },
    };
  }

  it('is migrated under load, and all that was begun ends as it would have ended', async () => {
    const { url } = database;
    expect(written.length).toBeGreaterThan(10);
    expect((await untilQuiet(url)).left).toBe(0);
    await shoppers.settled();
    const figures = await life.end();
    expect((await untilQuiet(url)).left).toBe(0);
    await shoppers.settled();
    expect(problems).toEqual([]);
    expect(figures).toMatchObject({ orders: 5, 'dead letters of before, redriven': 1 });
    const { log, threads } = shoppers;
    const { counts, examples } = await countEffects({ url, vendor, log, threads });
    expect(examples).toEqual([]);
    expect(counts).toMatchObject({ lost: 0, doubled: 0, disordered: 0, deadLetters: 0 });
    expect(counts.messages).toBe(log.length);
  });
});
