import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BaseEnv, loadEnv, ServiceEnv } from './env.js';
import { isTrustedProxies, trustProxy } from './trusted-proxies.js';

const key = (id: string, bytes = randomBytes(32)): string => `${id}:${bytes.toString('base64')}`;
const good = {
  NODE_ENV: 'production',
  DATABASE_URL: `postgres://waco_admin:${randomBytes(16).toString('hex')}@db:5432/waco`,
  QUEUE_URL: 'redis://redis:6379',
  WACO_MASTER_KEYS: key('k1'),
};
const starting = (settings: Record<string, string>) => () => loadEnv(ServiceEnv, { ...good, ...settings });

describe('secrets of every service', () => {
  it.each([
    ['a password in DATABASE_URL', { DATABASE_URL: 'postgres://waco_admin:postgres@db/waco' }],
    [
      'a coded password in DATABASE_URL',
      { DATABASE_URL: 'postgres://waco_admin:correct%20horse%20battery@db/waco' },
    ],
    ['a password in QUEUE_URL', { QUEUE_URL: 'redis://:redis123456@redis:6379' }],
    ['WACO_KMS_TOKEN', { WACO_KMS_TOKEN: 'my-kms-token-for-production' }],
    ['WACO_MASTER_KEYS', { WACO_MASTER_KEYS: key('k1', Buffer.alloc(32)) }],
    [
      'an older one of WACO_MASTER_KEYS',
      { WACO_MASTER_KEYS: `${key('k2')},${key('k1', Buffer.alloc(32, 7))}` },
    ],
  ])('that a person made up stop the start in production, and nowhere else: %s', (name, settings) => {
    const variable = /[A-Z_]{5,}/.exec(name)![0];
    expect(starting(settings)).toThrow(new RegExp(`${variable} must be random in production`));
    for (const value of Object.values(settings)) expect(starting(settings)).not.toThrow(value);
    expect(starting({ ...settings, NODE_ENV: 'development' })).not.toThrow();
    expect(starting({ ...settings, NODE_ENV: 'test' })).not.toThrow();
  });

  it('that a machine has drawn are taken', () => {
    expect(starting({})).not.toThrow();
    expect(
      starting({
        QUEUE_URL: `rediss://default:${randomBytes(24).toString('base64url')}@redis:6380`,
        WACO_KMS_TOKEN: randomBytes(24).toString('base64url'),
        WACO_MASTER_KEYS: `${key('k2')},${key('k1')}`,
      }),
    ).not.toThrow();
  });

  it('in a file are looked at as well, and what is wrong with keys is said', () => {
    const folder = mkdtempSync(join(tmpdir(), 'waco-env-'));
    try {
      const file = join(folder, 'keys');
      const twice = randomBytes(32);
      writeFileSync(file, `${key('a', twice)}\n${key('b', twice)}`);
      const settings = { WACO_MASTER_KEYS_FILE: file };
      expect(starting(settings)).toThrow(
        'the keys of WACO_MASTER_KEYS_FILE must be random in production: two ids have the same key',
      );
      writeFileSync(file, `${key('a')}\n${key('b')}`);
      expect(starting(settings)).not.toThrow();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('of .env.example are none', () => {
    const settings = readFileSync('.env.example', 'utf8').matchAll(/^(?:# )?([A-Z_]+)=(.*)$/gm);
    const { DATABASE_URL, ROLE_PASSWORDS } = Object.fromEntries(
      [...settings].map(([, name, value]) => [name, value]),
    );
    expect(starting({ DATABASE_URL: DATABASE_URL! })).toThrow(/DATABASE_URL must be random/);
    expect(starting({ WACO_KMS_TOKEN: ROLE_PASSWORDS! })).toThrow(/WACO_KMS_TOKEN must be random/);
  });
});

describe('TRUSTED_PROXIES', () => {
  it('is a number of proxies, or a list of addresses and networks', () => {
    for (const text of [
      '0',
      '1',
      '10',
      '10.0.0.1',
      '10.0.0.0/8, 192.168.1.1',
      '::1',
      'fd00::/8,2001:db8::1',
    ]) {
      expect([text, isTrustedProxies(text)]).toEqual([text, true]);
    }
    for (const text of [
      '11',
      '-1',
      '1.5',
      'all',
      'loopback',
      '*',
      '10.0.0',
      '10.0.0.1,',
      '0.0.0.0/0',
      '::/0',
    ]) {
      expect([text, isTrustedProxies(text)]).toEqual([text, false]);
      expect(starting({ TRUSTED_PROXIES: text })).toThrow(/TRUSTED_PROXIES must be/);
    }
    expect(starting({ TRUSTED_PROXIES: '10.0.0.0/8' })().TRUSTED_PROXIES).toBe('10.0.0.0/8');
    expect(starting({})().TRUSTED_PROXIES).toBeUndefined();
  });

  it('trusts nobody when it is unset, and so many hops when it is a number', () => {
    expect([trustProxy(undefined), trustProxy('0')]).toEqual([false, false]);
    const two = trustProxy('2') as (address: string, hop: number) => boolean;
    expect([0, 1, 2].map((hop) => two('203.0.113.1', hop))).toEqual([true, true, false]);
    expect(trustProxy('10.0.0.1, fd00::/8')).toEqual(['10.0.0.1', 'fd00::/8']);
  });
});

describe('WACO_COMMIT', () => {
  it.each(['4fa7fe2', '4fa7fe2db7c1b1a3d0e9c8f7a6b5c4d3e2f1a0b9', 'v0.1.0-12-g4fa7fe2-dirty', ''])(
    'may be what Git says, or nothing: "%s"',
    (commit) => {
      expect(loadEnv(BaseEnv, { WACO_COMMIT: commit }).WACO_COMMIT).toBe(commit || undefined);
    },
  );

  it.each(['a b', 'x"} 1', 'a'.repeat(65)])(
    'is bounded, as it stands in answers and labels: %j',
    (commit) => {
      expect(() => loadEnv(BaseEnv, { WACO_COMMIT: commit })).toThrow('WACO_COMMIT must be up to 64');
    },
  );
});
