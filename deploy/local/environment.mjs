import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { QUEUE_ROLE, SERVICES } from './settings.mjs';

/** Where a person or a test finds each part of a stack that listens on `host`. */
export function urlsOf(ports, host) {
  const machine = isOpen(host) ? networkAddress() : 'localhost';
  const at = (name, path = '') => `http://${machine}:${ports[name]}${path}`;
  return {
    gateway: at('ingest-gateway'),
    conversation: at('conversation'),
    catalog: at('catalog-sync'),
    checkout: at('checkout'),
    outbound: at('outbound'),
    admin: at('admin'),
    sandbox: at('sandbox'),
    phone: at('sandbox', '/phone/'),
    shop: at('sandbox', '/shops/demo'),
    queues: at('admin', '/queues'),
    docs: at('admin', '/docs'),
  };
}

/** Whether other machines reach what listens on `host`. */
export function isOpen(host = '127.0.0.1') {
  return host !== '127.0.0.1';
}

/** Where the others of its network reach this machine. */
function networkAddress() {
  const addresses = Object.values(networkInterfaces()).flat();
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? 'localhost';
}

/** Where vendors are. The sandbox plays them unless the shell says that somebody else does. */
const VENDORS = ['WHATSAPP_BASE_URL', 'DIALOG360_BASE_URL', 'STRIPE_BASE_URL'];

/**
 * The environment of one service. What the caller's shell has set reaches it too (LOG_LEVEL, for example), except
 * what would send all services to one port or one database role.
 */
export function environmentOf(name, { ports, portBase, host, dataDir, secrets, databaseUrl, queueUrl, env }) {
  const urls = urlsOf(ports, host);
  const as = (role) => {
    const url = new URL(databaseUrl);
    url.username = role;
    url.password = secrets.roles[role];
    return url.href;
  };
  const { PORT: _port, ...inherited } = process.env;
  return {
    ...inherited,
    NODE_ENV: 'development',
    WACO_ALLOW_PRIVATE_URLS: 'true',
    WACO_PORT_BASE: String(portBase),
    WACO_CLOCK_FILE: join(dataDir, 'clock.json'),
    WACO_HOST: host,
    DATABASE_URL: as(SERVICES[name].role),
    ...(name === 'sandbox' ? {} : serviceVariables(name, urls, ports, secrets, queueUrl ?? as(QUEUE_ROLE))),
    ...Object.fromEntries(VENDORS.filter((at) => inherited[at]).map((at) => [at, inherited[at]])),
    ...env,
  };
}

function serviceVariables(name, urls, ports, secrets, queueUrl) {
  return {
    QUEUE_URL: queueUrl,
    ...(name === 'conversation' ? {} : { WACO_MASTER_KEYS: secrets.masterKeys }), // it opens no secret
    CHECKOUT_LINK_KEYS: secrets.checkoutLinkKeys,
    WACO_OPERATOR_KEY: secrets.operatorKey,
    ADMIN_SESSION_SECRET: secrets.adminSessionSecret,
    WHATSAPP_APP_SECRETS: secrets.whatsappAppSecret,
    WHATSAPP_VERIFY_TOKEN: secrets.whatsappVerifyToken,
    ...vendorAddresses(urls),
    PUBLIC_URL: urls.checkout,
    PUBLIC_GATEWAY_URL: urls.gateway,
    CATALOG_RPC_HOST: '127.0.0.1', // for services of this machine, whatever the others listen on
    CATALOG_RPC_PORT: String(ports['catalog-rpc']),
  };
}

/** The sandbox plays every vendor whose address the caller's shell does not set. */
function vendorAddresses({ sandbox }) {
  const played = {
    WHATSAPP_BASE_URL: `${sandbox}/graph`,
    DIALOG360_BASE_URL: `${sandbox}/360dialog`,
    STRIPE_BASE_URL: sandbox,
  };
  return Object.fromEntries(
    Object.entries(played).map(([name, address]) => [name, process.env[name] || address]),
  );
}
