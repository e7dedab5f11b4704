import { join } from 'node:path';
import { SERVICES } from './settings.mjs';

/** Where a person or a test finds each part of a local stack. */
export function urlsOf(ports) {
  const at = (name, path = '') => `http://localhost:${ports[name]}${path}`;
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

/**
 * The environment of one service. What the caller's shell has set reaches it too (LOG_LEVEL, for example), except
 * what would send all services to one port or one database role.
 */
export function environmentOf(name, { ports, portBase, dataDir, secrets, databaseUrl, queueUrl, env }) {
  const urls = urlsOf(ports);
  const own = new URL(databaseUrl);
  own.username = SERVICES[name].role;
  own.password = secrets.roles[SERVICES[name].role];
  const { PORT: _port, ...inherited } = process.env;
  return {
    ...inherited,
    NODE_ENV: 'development',
    WACO_ALLOW_PRIVATE_URLS: 'true',
    WACO_PORT_BASE: String(portBase),
    WACO_CLOCK_FILE: join(dataDir, 'clock.json'),
    DATABASE_URL: own.href,
    ...(name === 'sandbox' ? {} : serviceVariables(urls, ports, secrets, queueUrl ?? own.href)),
    ...env,
  };
}

function serviceVariables(urls, ports, secrets, queueUrl) {
  return {
    QUEUE_URL: queueUrl,
    WACO_MASTER_KEYS: secrets.masterKeys,
    CHECKOUT_LINK_KEYS: secrets.checkoutLinkKeys,
    WACO_OPERATOR_KEY: secrets.operatorKey,
    ADMIN_SESSION_SECRET: secrets.adminSessionSecret,
    WHATSAPP_APP_SECRETS: secrets.whatsappAppSecret,
    WHATSAPP_VERIFY_TOKEN: secrets.whatsappVerifyToken,
    WHATSAPP_BASE_URL: `${urls.sandbox}/graph`,
    STRIPE_BASE_URL: urls.sandbox,
    PUBLIC_URL: urls.checkout,
    PUBLIC_GATEWAY_URL: urls.gateway,
    CATALOG_RPC_HOST: '127.0.0.1',
    CATALOG_RPC_PORT: String(ports['catalog-rpc']),
  };
}
