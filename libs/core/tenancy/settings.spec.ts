import fc from 'fast-check';
import { checkSettings, chooseProvider, isTimeZone, type PaymentRoute } from './settings.js';

// Only one provider exists: others stand for it here, to see which route was taken.
const to = (provider: string, where: Omit<PaymentRoute, 'provider'> = {}): PaymentRoute => ({
  ...where,
  provider: provider as PaymentRoute['provider'],
});

describe('the choice of a payment provider', () => {
  const routes = [
    to('any'),
    to('country', { country: 'AE' }),
    to('currency', { currency: 'AED' }),
    to('both', { country: 'AE', currency: 'AED' }),
  ];
  const choose = (country: string, currency: string, from: readonly PaymentRoute[] = routes) =>
    chooseProvider(from, { country, currency });

  it('takes what is said most exactly, whatever the order', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(routes, { minLength: 4 }), (shuffled) => {
        expect(choose('AE', 'AED', shuffled)).toBe('both');
        expect(choose('KW', 'AED', shuffled)).toBe('currency');
        expect(choose('AE', 'USD', shuffled)).toBe('country');
        expect(choose('KW', 'USD', shuffled)).toBe('any');
      }),
    );
  });

  it('takes none that is for something else, and the one there is without routes', () => {
    expect(choose('KW', 'KWD', routes.slice(1))).toBeUndefined();
    expect(choose('KW', 'KWD', [])).toBe('stripe');
  });
});

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
        payments: { routes: [to('stripe', { currency: 'AED' }), to('stripe', { currency: 'AED' })] },
        couriers: [
          { code: 'aramex', name: 'Aramex' },
          { code: 'aramex', name: 'Aramex again' },
        ],
        languages: { first: 'en', others: ['ar', 'en'] },
      }),
    ).toEqual(['payments.routes unique', 'couriers unique', 'languages.others unique']);
  });
});
