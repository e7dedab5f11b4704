import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the clone. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Every process of a local stack: its folder under apps, and its distance from WACO_PORT_BASE. */
export const SERVICES = {
  'ingest-gateway': { port: 0, role: 'waco_ingest' },
  conversation: { port: 1, role: 'waco_conversation' },
  'catalog-sync': { port: 2, role: 'waco_catalog' },
  checkout: { port: 3, role: 'waco_checkout' },
  outbound: { port: 4, role: 'waco_outbound' },
  admin: { port: 5, role: 'waco_admin' },
  sandbox: { port: 100, role: 'waco_sandbox' },
};
const CATALOG_RPC = 52;
const POSTGRES = 54;
/** This machine only, or all of its addresses. */
const HOSTS = ['127.0.0.1', '0.0.0.0', '::'];
/** The role of the queue's own connections, when the queue is in PostgreSQL. */
export const QUEUE_ROLE = 'waco_queue';

/** An expected problem: its message is all that the person at the keyboard needs. */
export class Problem extends Error {}

const ADDRESSES = {
  DATABASE_URL: /^postgres(ql)?:\/\/./,
  QUEUE_URL: /^(rediss?|postgres(ql)?):\/\/./,
};

/**
 * `WACO_DATA_DIR`, `WACO_PORT_BASE` and `WACO_HOST`, or their defaults; `DATABASE_URL` and `QUEUE_URL`, if set.
 * @throws Problem
 */
export function readSettings(env = process.env) {
  const portBase = Number(env.WACO_PORT_BASE || 3000);
  if (!Number.isInteger(portBase) || portBase < 1 || portBase > 65_000) {
    throw new Problem('WACO_PORT_BASE must be a whole number from 1 to 65000');
  }
  for (const [name, form] of Object.entries(ADDRESSES)) {
    if (env[name] && !(form.test(env[name]) && URL.canParse(env[name]))) {
      const example =
        name === 'QUEUE_URL' ? 'redis://localhost:6379' : 'postgres://user:password@host:5432/name';
      throw new Problem(`${name} must be an address such as ${example}`);
    }
  }
  const host = env.WACO_HOST || HOSTS[0];
  if (!HOSTS.includes(host)) {
    throw new Problem(
      `WACO_HOST must be one of ${HOSTS.join(', ')}: this machine only, or all of its addresses`,
    );
  }
  return {
    portBase,
    host,
    dataDir: resolve(ROOT, env.WACO_DATA_DIR || '.waco'),
    databaseUrl: env.DATABASE_URL || undefined,
    queueUrl: env.QUEUE_URL || undefined,
  };
}

/** Ports by process, `catalog-rpc` and `postgres` included. */
export function portsFrom(base) {
  const services = Object.entries(SERVICES).map(([name, { port }]) => [name, base + port]);
  return { ...Object.fromEntries(services), 'catalog-rpc': base + CATALOG_RPC, postgres: base + POSTGRES };
}
