// A process of its own, so that a stack needs no package loaded: reads its task as JSON from standard input.
import { text } from 'node:stream/consumers';
import pg from 'pg';

const task = JSON.parse(await text(process.stdin));

async function connect(url) {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  return client;
}

try {
  if (task.create) {
    const client = await connect(task.create.url);
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [
      task.create.name,
    ]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(task.create.name)}`);
    await client.end();
  } else {
    await (await connect(task.url)).end();
  }
} catch (error) {
  const reason = error.message || error.errors?.[0]?.message || error.code;
  process.stderr.write(`The database of DATABASE_URL cannot be used: ${reason}\n`);
  process.exit(1);
}

try {
  const { MIGRATIONS, migrate } = await import('../../dist/migrations/index.js');
  const { LANES } = await import('../../dist/libs/contracts/src/index.js');
  const { url, passwords, queue } = task;
  const queues = queue ? LANES.map(({ name }) => name) : undefined;
  await migrate({ url, migrations: MIGRATIONS, passwords, queues, sandbox: true });
} catch (error) {
  process.stderr.write(`The database could not be brought up to date: ${error.message}\n`);
  process.exit(1);
}
