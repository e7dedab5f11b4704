import { environmentOf, urlsOf } from './environment.mjs';
import { portsFrom, readSettings, SERVICES } from './settings.mjs';

const ports = portsFrom(4000);
const roles = Object.fromEntries(
  [...Object.values(SERVICES).map(({ role }) => role), 'waco_queue'].map((role) => [
    role,
    `password of ${role}`,
  ]),
);
const stack = {
  ...{
    ports,
    portBase: 4000,
    host: '127.0.0.1',
    dataDir: '/data',
    databaseUrl: 'postgres://owner:o@db:1/waco',
  },
  secrets: { roles, masterKeys: 'k1:master' },
};
const SANDBOX = 'sandbox';

describe('the environment of a local stack', () => {
  it.each(Object.keys(SERVICES))(
    'lets %s connect as itself, and to the queue as the queue’s role',
    (name) => {
      const { DATABASE_URL, QUEUE_URL, WACO_HOST } = environmentOf(name, stack);
      const who = (url) => [new URL(url).username, decodeURIComponent(new URL(url).password)];
      const { role } = SERVICES[name];
      expect(who(DATABASE_URL)).toEqual([role, roles[role]]);
      expect(WACO_HOST).toBe('127.0.0.1');
      if (name === SANDBOX) expect(QUEUE_URL).toBeUndefined();
      else expect(who(QUEUE_URL)).toEqual(['waco_queue', roles.waco_queue]);
      // A queue of somebody's own has its own address.
      const own = environmentOf(name, { ...stack, queueUrl: 'redis://r:1' });
      expect(own.QUEUE_URL).toBe(name === SANDBOX ? undefined : 'redis://r:1');
    },
  );

  it('gives the master keys to those that open secrets', () => {
    const given = Object.keys(SERVICES).filter((name) => environmentOf(name, stack).WACO_MASTER_KEYS);
    expect(given.toSorted()).toEqual(['admin', 'catalog-sync', 'checkout', 'ingest-gateway', 'outbound']);
  });

  it('keeps catalog-sync’s RPC on this machine, whatever the rest listens on', () => {
    expect(environmentOf('catalog-sync', { ...stack, host: '0.0.0.0' })).toMatchObject({
      WACO_HOST: '0.0.0.0',
      CATALOG_RPC_HOST: '127.0.0.1',
    });
  });

  it('takes a vendor’s address from the shell, and otherwise the sandbox’s', () => {
    expect(environmentOf('outbound', stack).WHATSAPP_BASE_URL).toBe('http://localhost:4100/graph');
    process.env.WHATSAPP_BASE_URL = 'http://another:1/graph';
    try {
      expect(environmentOf('outbound', stack)).toMatchObject({
        WHATSAPP_BASE_URL: 'http://another:1/graph',
        STRIPE_BASE_URL: 'http://localhost:4100',
      });
    } finally {
      delete process.env.WHATSAPP_BASE_URL;
    }
  });

  it('names this machine as whoever reaches it does', () => {
    expect(urlsOf(ports, '127.0.0.1').phone).toBe('http://localhost:4100/phone/');
    for (const host of ['0.0.0.0', '::']) {
      // Where there is no network, there is nobody else.
      expect(urlsOf(ports, host).phone).toMatch(/^http:\/\/(localhost|(?!127\.)[\d.]+):4100\/phone\/$/);
    }
  });
});

describe('WACO_HOST for npm start', () => {
  it('is this machine only, unless it is opened to all', () => {
    expect(readSettings({}).host).toBe('127.0.0.1');
    expect(readSettings({ WACO_HOST: '0.0.0.0' }).host).toBe('0.0.0.0');
    for (const odd of ['localhost', '10.0.0.1', '*', '::1']) {
      expect(() => readSettings({ WACO_HOST: odd })).toThrow(/^WACO_HOST must be one of 127\.0\.0\.1, /);
    }
  });
});
