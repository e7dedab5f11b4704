import { hideLinks, maskDeep, maskPhone, maskText } from './mask.js';

describe('masking phone numbers', () => {
  it('leaves the beginning and the last three digits', () => {
    expect(maskPhone('971501234573')).toBe('+9715•••••573');
    expect(maskPhone('+971 50 123 4573')).toBe('+9715•••••573');
    expect(maskPhone('12345')).toBe('•••••');
  });

  it('finds them in known fields, and wherever the same digits are repeated', () => {
    const payload = {
      person: { waId: '971501234573', userId: 'AE.1349', name: 'Sheena' },
      current: {
        aliases: [
          { scheme: 'phone', value: '971507654321' },
          { scheme: 'user_id', value: 'AE.1' },
        ],
      },
      content: { type: 'text', text: 'call 971501234573 or +44 7700 900123' },
      stream: 'thread/acc_1/971501234573',
      contacts: { phones: ['+971509998877'] },
      raw: { from: 971501234573 },
    };
    const masked = maskDeep(payload);
    expect(JSON.stringify(masked)).not.toMatch(/971501234573|7700 900123|971509998877/);
    expect(masked.current.aliases.map(({ value }) => value)).toEqual(['+9715•••••321', 'AE.1']);
    expect(masked.person).toEqual({ waId: '+9715•••••573', userId: 'AE.1349', name: 'Sheena' });
    expect(masked.content.text).toBe('call 9715•••••573 or +4477•••••123');
    expect(masked.stream).toBe('thread/acc_1/9715•••••573');
  });

  it('leaves other figures, ids and times alone', () => {
    const payload = {
      orderRef: 'W7K3M9QX',
      total: { minor: 1234567890, currency: 'AED' },
      at: '2026-11-21T10:00:00.000Z',
      phoneNumberId: '106540352242922',
      channelMessageId: 'wamid.HBgMOTcxNTAxMjM0NTY3',
      when: new Date(0),
      none: null,
    };
    expect(maskDeep(payload)).toEqual(payload);
  });

  it('never shows the token of a checkout link, masked or not', () => {
    const link = { url: 'https://pay.example.com/c/eyJhbGciOiJkaXIi.abcdefghijk' };
    expect(maskDeep(link).url).toBe('https://pay.example.com/c/•••');
    expect(hideLinks(link).url).toBe('https://pay.example.com/c/•••');
    expect(maskText('see /c/eyJhbGciOiJkaXIi.abc-_x')).toBe('see /c/•••');
  });
});
