import { randomBytes } from 'node:crypto';
import { isEasyGuess } from './env.js';

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
});
