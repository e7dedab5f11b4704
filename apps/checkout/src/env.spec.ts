import { randomBytes } from 'node:crypto';
import { loadEnv } from '#platform';
import { CheckoutEnv } from './env.js';

const key = (bytes = randomBytes(32)): string => `k1:${bytes.toString('base64')}`;
const starting =
  (NODE_ENV: string, CHECKOUT_LINK_KEYS: string, WACO_MASTER_KEYS = key()) =>
  () =>
    loadEnv(CheckoutEnv, {
      NODE_ENV,
      CHECKOUT_LINK_KEYS,
      WACO_MASTER_KEYS,
      DATABASE_URL: 'postgres://nowhere',
      QUEUE_URL: 'postgres://nowhere',
    });

it('takes no link keys in production that are weak, or master keys as well', () => {
  const shared = randomBytes(32);
  expect(starting('production', key(Buffer.alloc(32)))).toThrow(/CHECKOUT_LINK_KEYS must be random/);
  expect(starting('production', key(shared), key(shared))).toThrow(
    'the keys of CHECKOUT_LINK_KEYS must be random in production: one of them is a master key as well',
  );
  expect(starting('development', key(shared), key(shared))).not.toThrow();
  expect(starting('production', key())).not.toThrow();
});
