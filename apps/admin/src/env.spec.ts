import { randomBytes } from 'node:crypto';
import { loadEnv } from '#platform';
import { AdminEnv } from './env.js';

const random = (): string => randomBytes(24).toString('hex');
const masterKeys = `k1:${randomBytes(32).toString('base64')}`;

describe.each(['WACO_OPERATOR_KEY', 'ADMIN_SESSION_SECRET'])('%s', (name) => {
  const boot = (NODE_ENV: string, value: string) => () =>
    loadEnv(AdminEnv, {
      NODE_ENV,
      WACO_OPERATOR_KEY: random(),
      ADMIN_SESSION_SECRET: random(),
      [name]: value,
      DATABASE_URL: 'postgres://nowhere',
      QUEUE_URL: 'postgres://nowhere',
      WACO_MASTER_KEYS: masterKeys,
    });

  it('stops the boot in production when it is short, missing or easily guessed', () => {
    expect(boot('production', 'short')).toThrow(`${name} must have 32`);
    expect(boot('development', 'short')).toThrow(`${name} must have 32`);
    expect(boot('production', '')).toThrow(`${name} must`);
    expect(boot('development', '')).not.toThrow();
    for (const guess of [
      'change-me-change-me-change-me-change-me',
      'correct horse battery staple correct',
      '01234567890123456789012345678901',
      'waco_operator_key_0123456789abcdefghij',
      'a'.repeat(64),
    ]) {
      expect(boot('production', guess)).toThrow(`${name} must be random`);
      expect(boot('production', guess)).not.toThrow(guess);
      expect(boot('development', guess)).not.toThrow();
    }
    expect(boot('production', random())).not.toThrow();
  });
});

it('the secret of sessions is no other secret of the service', () => {
  const key = random();
  const boot = (ADMIN_SESSION_SECRET: string) => () =>
    loadEnv(AdminEnv, {
      NODE_ENV: 'test',
      WACO_OPERATOR_KEY: key,
      ADMIN_SESSION_SECRET,
      DATABASE_URL: 'postgres://nowhere',
      QUEUE_URL: 'postgres://nowhere',
      WACO_MASTER_KEYS: masterKeys,
    });
  for (const taken of [key, masterKeys, masterKeys.split(':')[1]!]) {
    expect(boot(taken)).toThrow('ADMIN_SESSION_SECRET must be no other secret');
  }
  expect(boot(random())).not.toThrow();
});
