import { checkSettings, isTimeZone, withoutStaff } from './settings.js';

describe('settings', () => {
  const hours = (...open: [string, string][]) => ({
    businessHours: {
      timeZone: 'Asia/Dubai',
      open: open.map(([from, until]) => ({ day: 'monday' as const, from, to: until })),
    },
  });
  const fields = (settings: Parameters<typeof checkSettings>[0]) =>
    checkSettings(settings).map((p) => `${p.field} ${p.rule}`);

  it('are fine when nothing is said', () => {
    expect(checkSettings({})).toEqual([]);
    expect(checkSettings(hours(['09:00', '12:00'], ['12:00', '18:00']))).toEqual([]);
  });

  it('refuse hours that overlap, end before they begin, or are in no time zone', () => {
    expect(fields(hours(['09:00', '12:00'], ['11:59', '18:00']))).toEqual(['businessHours.open.1 overlap']);
    expect(fields(hours(['18:00', '09:00']))).toEqual(['businessHours.open.0.to after']);
    const nowhere = { businessHours: { ...hours().businessHours, timeZone: 'Asia/Nowhere' } };
    expect(fields(nowhere)).toEqual(['businessHours.timeZone timeZone']);
    expect(['Europe/Berlin', 'UTC', '+04:00', '', 'x'].map(isTimeZone)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it('refuse what is named twice', () => {
    expect(
      fields({
        payments: {
          routes: [
            { provider: 'stripe', currency: 'AED' },
            { provider: 'stripe-sa', currency: 'AED' },
          ],
        },
        couriers: [
          { code: 'aramex', name: 'Aramex' },
          { code: 'aramex', name: 'Aramex again' },
        ],
        languages: { first: 'en', others: ['ar', 'en'] },
      }),
    ).toEqual(['payments.routes unique', 'couriers unique', 'languages.others unique']);
  });

  it('name nobody of the staff where they are kept for good', () => {
    const staff = [
      { name: 'Layla', email: 'layla@example.com', phone: '+971500000000', languages: ['ar'] },
      { name: 'Omar' },
    ];
    expect(withoutStaff({ regions: ['AE'], staff })).toEqual({
      regions: ['AE'],
      staff: [{ languages: ['ar'] }, {}],
    });
    expect(withoutStaff({ regions: ['AE'] })).toEqual({ regions: ['AE'] });
  });
});
