import { randomBytes } from 'node:crypto';
import { loadEnv } from '#platform';
import { AdminEnv, isEasyGuess } from './env.js';

describe("the platform's first key", () => {
  it('is not a placeholder and not a few characters over and over', () => {
    for (const key of [
      'changeme-changeme-changeme-changeme',
      'waco_operator_key_0123456789abcdefghij',
      'your-key-here-0123456789abcdefghijklm',
      'a'.repeat(64),
      '0123456789'.slice(0, 9).repeat(8),
    ]) {
      expect([key, isEasyGuess(key)]).toEqual([key, true]);
    }
  });

  it('may be anything random', () => {
    for (let i = 0; i < 200; i++) expect(isEasyGuess(randomBytes(24).toString('hex'))).toBe(false);
  });

  it('stops the boot outside development when it is short, missing or easily guessed', () => {
    const boot = (NODE_ENV: string, WACO_OPERATOR_KEY: string) => () =>
      loadEnv(AdminEnv, {
        NODE_ENV,
        WACO_OPERATOR_KEY,
        DATABASE_URL: 'postgres://nowhere',
        QUEUE_URL: 'postgres://nowhere',
        WACO_MASTER_KEYS: 'none',
      });
    const phrase = 'change-me-change-me-change-me-change-me';
    expect(boot('production', 'short')).toThrow(/WACO_OPERATOR_KEY must have 32/);
    expect(boot('development', 'short')).toThrow(/WACO_OPERATOR_KEY must have 32/);
    expect(boot('production', '')).toThrow(/WACO_OPERATOR_KEY must/);
    expect(boot('production', phrase)).toThrow(/WACO_OPERATOR_KEY must be random/);
    expect(boot('development', phrase)).not.toThrow();
    expect(boot('production', randomBytes(24).toString('hex'))).not.toThrow();
  });
});
