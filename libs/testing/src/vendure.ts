import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import pg from 'pg';

/** A real Vendure server with the Waco plugin, and its own database. */
export interface VendureServer {
  baseUrl: string;
  username: string;
  password: string;
  /** As an administrator. @throws Error with what Vendure says. */
  admin<T>(query: string, variables?: object): Promise<T>;
  /** Its database, as its owner. */
  database: pg.Client;
  stop(): Promise<void>;
}

export interface VendureWebhook {
  url: string;
  secret: string;
}

const START = fileURLToPath(new URL('../vendure/start.mjs', import.meta.url));
const USER = { username: 'superadmin', password: 'of-the-tests' };

/**
 * Starts one. The first time its packages have to be installed, which may take some minutes.
 * @param clock makes the server's clock another: a module that is loaded first, and the variables that it reads.
 */
export async function startVendure(
  webhook?: VendureWebhook,
  clock?: { module: string; env: Record<string, string> },
): Promise<VendureServer> {
  const serverUrl = process.env.WACO_TEST_DATABASE_URL;
  if (!serverUrl)
    throw new Error('run this test through the int or e2e project: it needs the test PostgreSQL');
  const name = `vendure_${randomBytes(6).toString('hex')}`;
  const owner = new pg.Client({ connectionString: serverUrl });
  await owner.connect();
  await owner.query(`CREATE DATABASE ${name}`);
  const databaseUrl = new URL(serverUrl);
  databaseUrl.pathname = `/${name}`;

  const port = await freePort();
  const child = fork(START, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [
      '--disable-warning=DeprecationWarning', // how TypeORM uses pg
      ...(clock ? ['--import', clock.module] : []),
    ],
    env: {
      ...process.env,
      ...clock?.env,
      NODE_ENV: 'test',
      NODE_OPTIONS: '',
      VENDURE_DISABLE_TELEMETRY: 'true',
      PORT: String(port),
      DATABASE_URL: databaseUrl.href,
      VENDURE_USER: USER.username,
      VENDURE_PASSWORD: USER.password,
      WEBHOOK_URL: webhook?.url ?? '',
      WEBHOOK_SECRET: webhook?.secret ?? '',
    },
  });
  await untilReady(child);
  const database = new pg.Client({ connectionString: databaseUrl.href });
  await database.connect();
  const baseUrl = `http://127.0.0.1:${port}`;
  return {
    baseUrl,
    ...USER,
    admin: await administrator(baseUrl),
    database,
    stop: async () => {
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGKILL'); // its database goes with it
      await ended;
      await database.end();
      await owner.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await owner.end();
    },
  };
}

function untilReady(child: ChildProcess): Promise<void> {
  return new Promise((ready, fail) => {
    child.once('message', () => ready());
    child.once('exit', (code) => fail(new Error(`the Vendure server ended with ${code}`)));
    child.once('error', fail);
  });
}

async function administrator(baseUrl: string): Promise<VendureServer['admin']> {
  let token = '';
  const send = async (query: string, variables: object = {}): Promise<unknown> => {
    const response = await fetch(`${baseUrl}/admin-api`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ query, variables }),
    });
    token = response.headers.get('vendure-auth-token') ?? token;
    const { data, errors } = (await response.json()) as { data: unknown; errors?: object[] };
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  };
  await send(
    'mutation ($username: String!, $password: String!) { login(username: $username, password: $password) { __typename } }',
    USER,
  );
  return send as VendureServer['admin'];
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.once('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => done(port));
    });
  });
}
