import { dialog360Vendor } from './vendor.js';

const NOW = new Date('2026-11-21T10:00:00Z');
const SECRETS = ['a-secret-of-24-characters', 'the-secret-that-was-before'];
const { reader } = dialog360Vendor.accountWebhooks!;
const body = {
  object: 'whatsapp_business_account',
  entry: [
    {
      id: '102290129340398',
      changes: [
        {
          field: 'messages',
          value: {
            messaging_product: 'whatsapp',
            metadata: { display_phone_number: '971500000000', phone_number_id: '106540352242922' },
            messages: [
              {
                from: '971501234567',
                id: 'wamid.1',
                timestamp: '1795256400',
                type: 'text',
                text: { body: 'é' },
              },
              {
                from: '971501234567',
                id: 'wamid.2',
                timestamp: '1795256401',
                type: 'text',
                text: { body: 'hi' },
              },
            ],
          },
        },
      ],
    },
  ],
};
const read = (secret: string, secrets = SECRETS, of: string | object = body) =>
  reader.read(Buffer.from(typeof of === 'string' ? of : JSON.stringify(of)), secret, secrets, NOW);

describe('a webhook of 360dialog', () => {
  it.each(SECRETS)('is read with the header that 360dialog was told: %s', (secret) => {
    expect(reader.form.test(secret)).toBe(true);
    expect(read(secret)).toMatchObject({
      outcome: 'read',
      notices: [
        {
          name: 'message',
          event: { senderId: '106540352242922', accountId: '102290129340398' },
        },
        { name: 'message' },
      ],
    });
  });

  it('is nobody’s with another header, and while a secret is missing or empty', () => {
    expect(read('another-secret-of-24-chars')).toEqual({ outcome: 'unsigned' });
    expect(read(SECRETS[0]!.toUpperCase())).toEqual({ outcome: 'unsigned' });
    for (const secrets of [[], ['']]) expect(read('', secrets)).toEqual({ outcome: 'unsigned' });
    for (const header of ['', 'short', `${'x'.repeat(24)} `]) expect(reader.form.test(header)).toBe(false);
  });

  it('says what is wrong with its body', () => {
    expect(read(SECRETS[0]!, SECRETS, '{')).toEqual({
      outcome: 'malformed',
      reason: 'the body must be JSON',
    });
    expect(read(SECRETS[0]!, SECRETS, { object: 'page', entry: [] })).toEqual({
      outcome: 'malformed',
      reason: 'object must be "whatsapp_business_account"',
    });
    expect(read(SECRETS[0]!, SECRETS, `[${'['.repeat(200)}`)).toMatchObject({ outcome: 'malformed' });
  });
});
