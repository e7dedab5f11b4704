import {
  DIALOG360_SECRET_HEADER,
  DIALOG360_SIGNATURE_HEADER,
  signDialog360Webhook,
  verifyDialog360Signature,
  verifyDialog360Webhook,
  type Dialog360Webhook,
  type Dialog360WebhookSecrets,
} from './webhook.js';

const rawBody = Buffer.from('{"object":"whatsapp_business_account","entry":[{"id":"\\u00e9"}]}');
const secrets: Dialog360WebhookSecrets = { pathTokens: ['path-2', 'path-1'], headerSecrets: ['head-1'] };
const partner: Dialog360WebhookSecrets = { ...secrets, platformSecrets: ['plat-2', 'plat-1'] };

const webhook = (
  headers: Record<string, string>,
  pathToken: string | undefined = 'path-1',
): Dialog360Webhook => ({
  rawBody,
  pathToken,
  headers: { [DIALOG360_SECRET_HEADER]: 'head-1', ...headers },
});
const signed = (secret: string) => ({ [DIALOG360_SIGNATURE_HEADER]: signDialog360Webhook(rawBody, secret) });

describe('a webhook of 360dialog', () => {
  it('has come to the right address with the right header', () => {
    expect(verifyDialog360Webhook(webhook({}), secrets)).toBe(true);
    expect(verifyDialog360Webhook(webhook({}, 'path-2'), secrets)).toBe(true);
    expect(verifyDialog360Webhook(webhook({}, 'path-3'), secrets)).toBe(false);
    expect(verifyDialog360Webhook({ ...webhook({}), pathToken: undefined }, secrets)).toBe(false);
    expect(verifyDialog360Webhook(webhook({ [DIALOG360_SECRET_HEADER]: 'head-2' }), secrets)).toBe(false);
    expect(verifyDialog360Webhook({ rawBody, pathToken: 'path-1', headers: {} }, secrets)).toBe(false);
  });

  it('is nobody’s while a secret is missing or empty', () => {
    const empty = { rawBody, pathToken: '', headers: { [DIALOG360_SECRET_HEADER]: '' } };
    expect(verifyDialog360Webhook(empty, { pathTokens: [''], headerSecrets: [''] })).toBe(false);
    expect(verifyDialog360Webhook(empty, { pathTokens: [], headerSecrets: [] })).toBe(false);
    expect(verifyDialog360Webhook(webhook({}), { ...secrets, headerSecrets: [] })).toBe(false);
  });

  it('of a partner is signed besides', () => {
    expect(verifyDialog360Webhook(webhook({}), partner)).toBe(false);
    expect(verifyDialog360Webhook(webhook(signed('plat-1')), partner)).toBe(true);
    expect(verifyDialog360Webhook(webhook(signed('plat-3')), partner)).toBe(false);
    expect(verifyDialog360Webhook(webhook(signed('plat-1'), 'path-3'), partner)).toBe(false);
  });
});

describe('the signature', () => {
  it('is of the bytes, under any of the secrets', () => {
    const header = signDialog360Webhook(rawBody, 'plat-1');
    expect(header).toMatch(/^[0-9a-f]{64}$/);
    expect(verifyDialog360Signature(rawBody, header, ['other', 'plat-1'])).toBe(true);
    expect(verifyDialog360Signature(rawBody, `sha256=${header}`, ['plat-1'])).toBe(true);
    expect(verifyDialog360Signature(Buffer.from(`${rawBody.toString()} `), header, ['plat-1'])).toBe(false);
  });

  it.each([undefined, '', 'sha256=', 'abc', 'z'.repeat(64)])('is none when it is %s', (header) => {
    expect(verifyDialog360Signature(rawBody, header, ['plat-1'])).toBe(false);
  });

  it('is never valid under an empty secret', () => {
    expect(verifyDialog360Signature(rawBody, signDialog360Webhook(rawBody, ''), [''])).toBe(false);
  });
});
