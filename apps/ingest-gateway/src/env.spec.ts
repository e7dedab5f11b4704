import { randomBytes } from 'node:crypto';
import { loadEnv } from '#platform';
import { IngestGatewayEnv } from './env.js';

const random = (): string => randomBytes(16).toString('hex');
const starting = (settings: Record<string, string>) => () =>
  loadEnv(IngestGatewayEnv, {
    NODE_ENV: 'production',
    WHATSAPP_VERIFY_TOKEN: random(),
    WHATSAPP_APP_SECRETS: `${random()}, ${random()}`,
    WACO_MASTER_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    DATABASE_URL: 'postgres://nowhere',
    QUEUE_URL: 'postgres://nowhere',
    ...settings,
  });

it("takes no secrets of Meta's apps in production that somebody made up", () => {
  expect(starting({})).not.toThrow();
  for (const [name, value] of [
    ['WHATSAPP_APP_SECRETS', '12345678'],
    ['WHATSAPP_APP_SECRETS', `${random()},12345678`],
    ['WHATSAPP_APP_SECRETS', `${random()} , correct-horse-battery-staple`],
    ['WHATSAPP_VERIFY_TOKEN', 'waco-verify-token'],
  ] as const) {
    expect(starting({ [name]: value })).toThrow(`${name} must be random in production`);
    expect(starting({ [name]: value, NODE_ENV: 'development' })).not.toThrow();
  }
});
