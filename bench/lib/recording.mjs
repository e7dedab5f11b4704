import pg from 'pg';

/** Which migrations ran, queues, the server's own. */
const LEFT_OUT = ['public', 'bullmq', 'pg_catalog', 'information_schema'];
/** A log whose entries are chained by their times, and rows that a migration puts there for all. */
const LEFT_OUT_TABLES = ['tenancy.audit_log', 'journal.locks'];
/** Times of day in any form in which JSON has them. Numbers count when they are within this of the recording. */
const ISO = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g;
const EPOCH = /(?<=[:[,])1\d{9}(\d{3})?(?=[,}\]])/g;
const NEAR_MS = 7 * 24 * 3_600_000;

/** All rows of a database that a fleet of any release has filled, by table. */
export async function recordRows(url) {
  return within(url, async (client) => {
    const rows = {};
    for (const table of await tablesOf(client)) {
      const found = await client.query(`SELECT row_to_json(t) AS row FROM ${table} t`);
      if (found.rows.length > 0) rows[table] = found.rows.map(({ row }) => row);
    }
    return rows;
  });
}

/** Puts recorded rows, and nothing else, into a database that has the schema they were recorded from. */
export async function restoreRows(url, rows) {
  await within(url, async (client) => {
    await client.query(`SET session_replication_role = replica`);
    await client.query(`SET ROLE waco_sandbox`);
    await client.query(
      `CREATE TABLE sandbox.documents (collection text NOT NULL, id text NOT NULL, body jsonb NOT NULL,
         seq bigint GENERATED ALWAYS AS IDENTITY, PRIMARY KEY (collection, id))`,
    );
    await client.query(`RESET ROLE`);
    await client.query(`TRUNCATE ${(await tablesOf(client)).join(', ')}`);
    for (const [table, found] of Object.entries(rows)) {
      const columns = await columnsOf(client, table);
      const names = columns.map(({ name }) => `"${name}"`).join();
      await client.query(
        `INSERT INTO ${table} (${names}) OVERRIDING SYSTEM VALUE
         SELECT ${names} FROM json_populate_recordset(NULL::${table}, $1)`,
        [JSON.stringify(found)],
      );
      for (const { name, counted } of columns.filter((column) => column.counted)) {
        await client.query(`SELECT setval($1, (SELECT max("${name}") FROM ${table}))`, [counted]);
      }
    }
  });
}

/** A recording as text, with `{gateway}` for that address and so on, and the time at which it was made. */
export function toText(recording, urls, now = new Date()) {
  let text = toLines({ recordedAt: now.toISOString(), ...recording });
  for (const [name, own] of names(urls)) text = text.replaceAll(own, name);
  return text;
}

/** The same, for a stack with these addresses, and as if it had been made now. */
export function fromText(text, urls, now = new Date()) {
  let own = text;
  for (const [name, word] of names(urls)) own = own.replaceAll(name, word);
  const recordedAt = new Date(JSON.parse(own).recordedAt).getTime();
  const by = now.getTime() - recordedAt;
  return JSON.parse(
    own
      .replace(ISO, (time) => new Date(new Date(time).getTime() + by).toISOString())
      .replace(EPOCH, (time, millis) => {
        const at = Number(time) * (millis ? 1 : 1_000);
        if (Math.abs(at - recordedAt) > NEAR_MS) return time;
        return String(Math.round((at + by) / (millis ? 1 : 1_000)));
      }),
  );
}

/** One row a line. */
function toLines({ rows, ...rest }) {
  const tables = Object.entries(rows).map(
    ([table, found]) => `"${table}":[\n${found.map((row) => JSON.stringify(row)).join(',\n')}\n]`,
  );
  return `${JSON.stringify(rest).slice(0, -1)},"rows":{\n${tables.join(',\n')}\n}}\n`;
}

/** What is called otherwise in the text: addresses, and what scanners for leaked secrets look for. */
const names = ({ gateway, checkout, sandbox }) => [
  ['{gateway}', gateway],
  ['{checkout}', checkout],
  ['{sandbox}', sandbox],
  ['{test key}', 'sk_test_'],
  ['{webhook secret}', 'whsec_'],
];

async function tablesOf(client) {
  const { rows } = await client.query(
    `SELECT table_schema || '.' || table_name AS name FROM information_schema.tables
     WHERE table_type = 'BASE TABLE' AND table_schema <> ALL($1) ORDER BY 1`,
    [LEFT_OUT],
  );
  return rows.map(({ name }) => name).filter((name) => !LEFT_OUT_TABLES.includes(name));
}

async function columnsOf(client, table) {
  const { rows } = await client.query(
    `SELECT column_name AS name, pg_get_serial_sequence($1, column_name) AS counted
     FROM information_schema.columns
     WHERE table_schema || '.' || table_name = $1 AND is_generated = 'NEVER'`,
    [table],
  );
  return rows;
}

async function within(url, work) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
