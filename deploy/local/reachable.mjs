import { connect } from 'node:net';
import { Problem } from './settings.mjs';

const PATIENCE_MS = 5_000;
const PORTS = { 'redis:': 6379, 'rediss:': 6379, 'postgres:': 5432, 'postgresql:': 5432 };

/** That something listens where the setting `name` points. @throws Problem, which does not repeat the address's secrets */
export async function checkReachable(name, address) {
  const { protocol, hostname, port } = new URL(address);
  const host = hostname.replace(/^\[|\]$/g, '');
  const failure = await new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) || PORTS[protocol], timeout: PATIENCE_MS });
    const end = (reason) => {
      socket.destroy();
      resolve(reason);
    };
    socket.once('connect', () => end());
    socket.once('timeout', () => end(`no answer within ${PATIENCE_MS / 1_000} s`));
    socket.once('error', (error) => end(error.message || error.errors?.[0]?.message || error.code));
  });
  if (failure) throw new Problem(`The server of ${name} cannot be reached: ${failure}`);
}
