import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { answerHandshake, signMetaWebhook, verifyMetaSignature } from './signature.js';

describe('verifyMetaSignature', () => {
  const body = Buffer.from('{"object":"whatsapp_business_account"}');

  it('knows a published HMAC-SHA256: RFC 4231, test case 2', () => {
    const digest = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';
    const data = Buffer.from('what do ya want for nothing?');
    expect(verifyMetaSignature(data, `sha256=${digest}`, ['Jefe'])).toBe(true);
    expect(signMetaWebhook(data, 'Jefe')).toBe(`sha256=${digest}`);
  });

  it('accepts any of several secrets, and none that is not there', () => {
    const header = signMetaWebhook(body, 'new');
    expect(verifyMetaSignature(body, header, ['old', 'new'])).toBe(true);
    expect(verifyMetaSignature(body, header, ['new', 'old'])).toBe(true);
    expect(verifyMetaSignature(body, header, ['old'])).toBe(false);
    expect(verifyMetaSignature(body, header, [])).toBe(false);
  });

  it('never takes an empty secret', () => {
    const digest = createHmac('sha256', '').update(body).digest('hex');
    expect(verifyMetaSignature(body, `sha256=${digest}`, ['', 'real'])).toBe(false);
  });

  it('refuses headers of another form without throwing', () => {
    const right = signMetaWebhook(body, 's');
    const wrong = [
      undefined,
      '',
      'sha256=',
      right.slice(7),
      right.toUpperCase(),
      `${right}0`,
      ` ${right}`,
      `${right}\n`,
    ];
    for (const header of wrong) expect(verifyMetaSignature(body, header, ['s'])).toBe(false);
    fc.assert(fc.property(fc.string(), (header) => !verifyMetaSignature(body, header, ['s'])));
  });

  it('depends on every bit of the body', () => {
    const header = signMetaWebhook(body, 's');
    for (let bit = 0; bit < body.length * 8; bit++) {
      const changed = Buffer.from(body);
      changed[bit >> 3] = changed[bit >> 3]! ^ (1 << (bit & 7));
      expect(verifyMetaSignature(changed, header, ['s'])).toBe(false);
    }
  });
});

describe('answerHandshake', () => {
  const query = { 'hub.mode': 'subscribe', 'hub.challenge': '1158201444', 'hub.verify_token': 'token' };

  it('gives back the challenge to who knows the token', () => {
    expect(answerHandshake(query, 'token')).toBe('1158201444');
  });

  it('answers nobody else', () => {
    const wrong: unknown[] = [
      undefined,
      {},
      { ...query, 'hub.verify_token': 'toke' },
      { ...query, 'hub.verify_token': ['token', 'token'] },
      { ...query, 'hub.mode': 'other' },
      { ...query, 'hub.challenge': '<b>' },
      { ...query, 'hub.challenge': ['1', '2'] },
    ];
    for (const q of wrong) expect(answerHandshake(q, 'token')).toBeUndefined();
    expect(answerHandshake({ ...query, 'hub.verify_token': '' }, '')).toBeUndefined();
  });
});
