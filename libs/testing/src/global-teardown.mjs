import { rm } from 'node:fs/promises';

export default async function teardown() {
  const servers = globalThis.__wacoServers;
  if (!servers) return;
  globalThis.__wacoServers = undefined;
  servers.redis?.removeAllListeners('exit').kill('SIGKILL');
  await servers.postgres?.stop();
  await rm(servers.folder, { recursive: true, force: true });
}
