import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT, SERVICES } from '../local/settings.mjs';
import { withSecrets } from './new-env.mjs';

const text = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
const example = readFileSync(join(ROOT, 'deploy/docker/compose.env.example'), 'utf8');
const compose = parse(text, { merge: true });
const services = Object.entries(compose.services);
/** Those that run our image. */
const ours = services.filter(([, { build }]) => build);

/** Variables of `.env` that a service is given, in whatever place. */
const variablesOf = (service) =>
  new Set([...JSON.stringify(service).matchAll(/(?<!\$)\$\{?([A-Z][A-Z0-9_]*)/g)].map(([, name]) => name));
const holders = (variable) =>
  services
    .filter(([, service]) => variablesOf(service).has(variable))
    .map(([name]) => name)
    .toSorted();
const networksOf = ({ networks }) => (Array.isArray(networks) ? networks : Object.keys(networks ?? {}));
const isInternal = (network) => compose.networks[network]?.internal === true;

/** Each role's password, by the one service that connects as it. */
const ROLES = {
  INGEST_DB_PASSWORD: 'ingest-gateway',
  CONVERSATION_DB_PASSWORD: 'conversation',
  CATALOG_DB_PASSWORD: 'catalog-sync',
  CHECKOUT_DB_PASSWORD: 'checkout',
  OUTBOUND_DB_PASSWORD: 'outbound',
  ADMIN_DB_PASSWORD: 'admin',
};
const SECRET = /(PASSWORD|KEYS?|SECRETS?|TOKEN)$/;
/** Who has which secret beside a role's password. */
const SECRETS = {
  POSTGRES_PASSWORD: ['migrate', 'postgres'],
  REDIS_PASSWORD: [
    'admin',
    'catalog-sync',
    'checkout',
    'conversation',
    'ingest-gateway',
    'outbound',
    'redis',
  ],
  WACO_MASTER_KEYS: ['admin', 'catalog-sync', 'checkout', 'ingest-gateway', 'outbound'],
  CHECKOUT_LINK_KEYS: ['checkout'],
  WACO_OPERATOR_KEY: ['admin'],
  WHATSAPP_VERIFY_TOKEN: ['ingest-gateway'],
  WHATSAPP_APP_SECRETS: ['ingest-gateway'],
  ADMIN_SESSION_SECRET: ['admin'],
};
/** Who calls Meta, Stripe or a shop; the sandbox is there to be called. */
const CALLERS = ['admin', 'catalog-sync', 'checkout', 'outbound', 'sandbox'];
/** What the world comes to, and what comes from it. */
const FACING_THE_WORLD = ['checkout', 'ingest-gateway', 'sandbox'];

describe('docker-compose.yml', () => {
  it('runs the six services, the sandbox, and what they stand on', () => {
    expect(services.map(([name]) => name).toSorted()).toEqual(
      [...Object.keys(SERVICES), 'migrate', 'postgres', 'redis'].toSorted(),
    );
  });

  describe.each(services)('%s', (name, service) => {
    it('is confined: nothing to write, no capability, no more rights, not root', () => {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        ulimits: { core: 0 },
      });
      expect(service.tmpfs).toContain('/tmp');
      expect(service.cap_add).toBeUndefined();
      expect(service.privileged).toBeUndefined();
      expect(String(service.user)).toMatch(/^(node|postgres|redis)$/);
    });

    it('shares nothing with its host', () => {
      for (const key of ['network_mode', 'pid', 'ipc', 'devices', 'userns_mode', 'extra_hosts']) {
        expect(service[key]).toBeUndefined();
      }
      // Volumes of the composition only, never a folder or a socket of the host.
      for (const volume of service.volumes ?? []) {
        expect(Object.keys(compose.volumes)).toContain(String(volume).split(':')[0]);
      }
    });

    it('has limits', () => {
      expect(service.mem_limit).toMatch(/^\d+[mg]$/);
      expect(service.pids_limit).toBeGreaterThan(0);
      expect(service.pids_limit).toBeLessThanOrEqual(500);
      if (service.build) expect(service.cpus).toBeGreaterThan(0);
    });

    it('is published on this machine only, and only if somebody comes to it', () => {
      for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\d+:3000$/);
      const open = ['ingest-gateway', 'checkout', 'admin', 'sandbox'];
      expect([name, (service.ports ?? []).length]).toEqual([name, open.includes(name) ? 1 : 0]);
    });

    it('is on the networks that it needs, and on no other', () => {
      const { DATABASE_URL, QUEUE_URL, CATALOG_RPC_HOST } = service.environment;
      const asksQueue = QUEUE_URL && name !== 'migrate'; // which is told the kind of queue only
      const needs = [
        ...(DATABASE_URL || name === 'postgres' ? ['data'] : []),
        ...(asksQueue || name === 'redis' ? ['queue'] : []),
        ...(CATALOG_RPC_HOST ? ['rpc'] : []),
        ...(CALLERS.includes(name) ? ['outside'] : []),
        ...(FACING_THE_WORLD.includes(name) ? ['edge'] : []),
      ];
      expect(new Set(networksOf(service))).toEqual(new Set(needs));
      // A port can be published from a network with a way to the host only.
      if (service.ports) expect(networksOf(service).every(isInternal)).toBe(false);
    });

    it('knows the secrets that it uses, and no other', () => {
      const known = [...variablesOf(service)].filter((variable) => SECRET.test(variable)).toSorted();
      const due = [
        ...Object.keys(SECRETS).filter((secret) => SECRETS[secret].includes(name)),
        ...Object.keys(ROLES).filter((role) => ROLES[role] === name || name === 'migrate'),
      ];
      expect(known).toEqual(due.toSorted());
    });

    it('is of an image that is built here, or pinned', () => {
      if (service.build) {
        const target = name === 'sandbox' ? 'sandbox' : 'services';
        expect([service.build, service.image]).toEqual([
          { context: '.', target, args: { WACO_COMMIT: '${WACO_COMMIT:-}' } },
          name === 'sandbox' ? 'waco-sandbox' : 'waco',
        ]);
      } else {
        expect(service.image).toMatch(/^[a-z]+:\d+\.\d+/);
      }
    });

    it('says how it is', () => {
      if (!service.build) expect(service.healthcheck.test[0]).toBe('CMD-SHELL');
    });
  });

  it('keeps what needs no way out where there is none', () => {
    const inside = ['data', 'queue', 'rpc'];
    for (const network of Object.keys(compose.networks)) {
      expect([network, isInternal(network)]).toEqual([network, inside.includes(network)]);
    }
    // Ports are published from here, and nobody gets out.
    expect(compose.networks.edge.driver_opts['com.docker.network.bridge.enable_ip_masquerade']).toBe('false');
    expect(networksOf(compose.services.postgres)).toEqual(['data']);
    expect(networksOf(compose.services.redis)).toEqual(['queue']);
  });

  it('connects each service as its own role, with that role’s password', () => {
    const roles = Object.fromEntries(
      Object.entries(ROLES).map(([variable, name]) => [variable, SERVICES[name].role]),
    );
    for (const [variable, name] of Object.entries(ROLES)) {
      const { DATABASE_URL } = compose.services[name].environment;
      expect(DATABASE_URL).toMatch(
        new RegExp(`^postgres://${roles[variable]}:\\$\\{${variable}:\\?[^}]*\\}@postgres:`),
      );
      expect(holders(variable)).toEqual([name, 'migrate'].toSorted());
    }
    const given = compose.services.migrate.environment.ROLE_PASSWORDS.split(',');
    expect(given.map((pair) => /^(\w+):\$\{(\w+):\?[^}]*\}$/.exec(pair)?.slice(1))).toEqual(
      Object.entries(roles).map(([variable, role]) => [role, variable]),
    );
  });

  it('gives the master keys to those that open secrets, as their settings say', () => {
    for (const [name] of ours.filter(([of]) => of in SERVICES && of !== 'sandbox')) {
      const settings = readFileSync(join(ROOT, 'apps', name, 'src', 'env.ts'), 'utf8');
      const opens = !/extends KeylessEnv/.test(settings);
      expect([name, holders('WACO_MASTER_KEYS').includes(name)]).toEqual([name, opens]);
    }
  });

  it('has a password on Redis, on no command line and in no health check', () => {
    const { command, healthcheck, environment } = compose.services.redis;
    expect(environment).toEqual({ REDISCLI_AUTH: '${REDIS_PASSWORD:?set it in .env}' });
    expect(command.join(' ')).toContain(`printf 'requirepass %s\\n' "$$REDISCLI_AUTH" > /tmp/redis.conf`);
    // `$$` is for the shell in the container: Compose puts no value there.
    expect(JSON.stringify([command, healthcheck])).not.toMatch(/(?<!\$)\$\{?[A-Z]/);
    for (const [, { environment: given }] of ours) {
      if (!given.QUEUE_URL || given.ROLE_PASSWORDS) continue;
      expect(given.QUEUE_URL).toBe('redis://:${REDIS_PASSWORD:?set it in .env}@redis:6379');
    }
  });

  it('has no secret with a value of its own', () => {
    const used = [...text.matchAll(/(?<!\$)\$\{([A-Z][A-Z0-9_]*)([^}]*)\}/g)];
    for (const [whole, variable, rest] of used.filter(([, name]) => SECRET.test(name))) {
      expect([whole, rest]).toEqual([whole, ':?set it in .env']);
      expect(variable in SECRETS || variable in ROLES).toBe(true);
    }
    // Nor one that is written out: each value of a secret's name is a variable.
    for (const [, { environment = {} }] of services) {
      for (const [key, value] of Object.entries(environment)) {
        if (SECRET.test(key)) expect(value).toMatch(/^\$\{[A-Z_]+:\?/);
      }
    }
  });

  it('takes the variables of compose.env.example, and no others', () => {
    const listed = [...example.matchAll(/^(?:# )?([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name);
    const taken = [...new Set(services.flatMap(([, service]) => [...variablesOf(service)]))];
    expect([...new Set(listed)].toSorted()).toEqual(taken.toSorted());
    // What has no value of its own in the composition has none in the example either, and has to be given one.
    const required = [...text.matchAll(/\$\{([A-Z][A-Z0-9_]*):\?/g)].map(([, name]) => name);
    const empty = [...example.matchAll(/^([A-Z][A-Z0-9_]*)=$/gm)].map(([, name]) => name);
    expect(empty.toSorted()).toEqual([...new Set(required)].toSorted());
  });
});

describe('a new .env', () => {
  const filled = (of) =>
    Object.fromEntries([...of.matchAll(/^([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, k, v]) => [k, v]));

  it('has a secret of its own in each place, but for what Meta gives', () => {
    const [one, two] = [withSecrets(example), withSecrets(example)].map(filled);
    const values = Object.entries(one).filter(([name]) => name !== 'WHATSAPP_APP_SECRETS');
    expect(one.WHATSAPP_APP_SECRETS).toBe('');
    expect(values.length).toBe(13);
    expect(new Set([...values, ...Object.entries(two)].map(([, value]) => value)).size).toBe(27);
    for (const [name, value] of values) {
      // In an address, a character that means something there would cut the password short.
      if (name.endsWith('_PASSWORD')) expect(value).toMatch(/^[0-9a-f]{64}$/);
      else if (name.endsWith('_KEYS')) expect(Buffer.from(value.split(':')[1], 'base64')).toHaveLength(32);
      else expect(value).toMatch(/^[\w-]{43}$/);
    }
  });

  it('leaves all else as the example has it', () => {
    const lines = example.split('\n').filter((line) => !/^[A-Z][A-Z0-9_]*=$/.test(line));
    expect(
      withSecrets(example)
        .split('\n')
        .filter((line) => lines.includes(line)),
    ).toEqual(lines);
  });
});
