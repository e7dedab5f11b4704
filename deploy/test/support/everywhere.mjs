import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The simulated outside world keeps what Meta, Stripe and the shop keep; it is not ours. */
const NOT_OURS = ['sandbox'];

/**
 * All rows of all tables, views left out, as a dump would hold them: `where`, the row's merchant if it has one, and
 * its text. Array buffers and all.
 */
export async function allRows(database) {
  const { rows: tables } = await database.query(
    `SELECT n.nspname || '.' || quote_ident(c.relname) AS name, n.nspname AS schema,
       EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'merchant_id') AS merchant
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^(pg_|information_schema)'`,
  );
  const all = [];
  for (const { name, schema, merchant } of tables) {
    if (NOT_OURS.includes(schema)) continue;
    const { rows } = await database.query(
      `SELECT ${merchant ? 'merchant_id' : 'NULL'} AS merchant, row_to_json(t)::text AS text FROM ${name} t`,
    );
    for (const row of rows) all.push({ where: name, ...row });
  }
  return all;
}

/** Everything that Redis holds, key by key. */
export async function allOfRedis(redis) {
  const all = [];
  for (const key of await redis.keys('*')) {
    const read = {
      string: () => redis.get(key),
      hash: () => redis.hgetall(key),
      list: () => redis.lrange(key, 0, -1),
      set: () => redis.smembers(key),
      zset: () => redis.zrange(key, 0, -1, 'WITHSCORES'),
      stream: () => redis.xrange(key, '-', '+'),
    }[await redis.type(key)];
    all.push({ where: `redis ${key}`, text: `${key} ${JSON.stringify(await read?.())}` });
  }
  return all;
}

/** Files of the stack, logs among them; not its own secrets, its database and its built-in memory. */
export function allFiles(folder, without) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => !without.some((part) => name === part || name.startsWith(`${part}/`)))
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path) && statSync(path).isFile())
    .map((path) => ({ where: path.slice(folder.length + 1), text: readFileSync(path, 'latin1') }));
}

/** `/metrics` of every service. */
export async function allMetrics(ports) {
  const all = [];
  for (const [name, port] of Object.entries(ports)) {
    if (['postgres', 'catalog-rpc', 'sandbox'].includes(name)) continue;
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    all.push({ where: `metrics of ${name}`, text: await answer.text() });
  }
  return all;
}

/** The queue dashboards as an operator sees them: pages and what they load. */
export async function dashboards(api) {
  const all = [{ where: '/queues', text: (await api('GET', '/queues')).text }];
  const first = await api('GET', '/queues/api/queues');
  for (const { name } of first.body?.queues ?? []) {
    for (const status of ['latest', 'failed', 'delayed', 'waiting', 'active']) {
      const path = `/queues/api/queues?activeQueue=${name}&status=${status}&page=1`;
      all.push({ where: path, text: (await api('GET', path)).text });
    }
  }
  return all;
}

/**
 * Where `needle` is, in any of the forms in which a text may be written down. Each find is a line with some of what
 * stands around it.
 */
export function find(places, needle) {
  const forms = new Set([
    needle,
    encodeURIComponent(needle),
    JSON.stringify(needle).slice(1, -1),
    Buffer.from(needle).toString('base64').replace(/=+$/, '').slice(0, -1),
    Buffer.from(needle).toString('base64url').slice(0, -1),
    Buffer.from(needle).toString('hex'),
  ]);
  return places.flatMap(({ where, text }) =>
    [...forms]
      .map((form) => text.toLowerCase().indexOf(form.toLowerCase()))
      .filter((at) => at >= 0)
      .slice(0, 1)
      .map((at) => `${where}: …${text.slice(Math.max(0, at - 60), at + 60)}…`),
  );
}
