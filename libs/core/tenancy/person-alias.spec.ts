import { phoneDigits } from './person-alias.js';

describe('a phone number in any usual notation', () => {
  it.each([
    ['+971 50 123 4567'],
    ['+971501234567'],
    ['971501234567'],
    ['00971 50-123-4567'],
    ['(+971) 50.123.4567'.replace('(+971)', '+971')],
    ['+971 (0)50 123 4567'],
    ['050 123 4567'],
    ['050/123-4567'],
    ['tel:+971501234567'],
    ['https://wa.me/971501234567'],
    ['wa.me/971501234567'],
    ['+٩٧١ ٥٠ ١٢٣ ٤٥٦٧'],
    ['+९७१५०१२३४५६७'],
    ['＋９７１５０１２３４５６７'],
    ['\u202a+971 50 123 4567\u202c'],
    ['+971\u00a050\u2011123\u20114567'],
  ])('%s', (written) => {
    expect(phoneDigits(written, 'AE')).toBe('971501234567');
  });

  it('knows the home country, and Italy', () => {
    expect(phoneDigits('020 7946 0958', 'GB')).toBe('442079460958');
    expect(phoneDigits('06 6982 0000', 'IT')).toBe('390669820000');
    expect(phoneDigits('+1 (212) 555-0123', 'AE')).toBe('12125550123');
  });

  it.each(['', 'Sheena', 'AE.1234567890', '12', '+', '+971 50 123 4567 ext 5', '1234567890123456'])(
    'is not %j',
    (written) => expect(phoneDigits(written, 'AE')).toBeUndefined(),
  );
});
