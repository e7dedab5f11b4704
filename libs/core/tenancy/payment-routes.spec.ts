import fc from 'fast-check';
import {
  choosePaymentAccount,
  PAYMENT_ACCOUNT,
  providerKindOf,
  routingFault,
  whyNoAccount,
  type PaymentPlace,
  type PaymentRoute,
} from './payment-routes.js';

const to = (provider: string, where: Omit<PaymentRoute, 'provider'> = {}): PaymentRoute => ({
  ...where,
  provider,
});

describe('the choice of a payment account', () => {
  const routes = [
    to('stripe-any'),
    to('stripe-country', { country: 'AE' }),
    to('stripe-currency', { currency: 'AED' }),
    to('stripe-both', { country: 'AE', currency: 'AED' }),
  ];
  const all = ['stripe', ...routes.map((r) => r.provider)];
  const choose = (
    country: string,
    currency: string,
    from: readonly PaymentRoute[] = routes,
    connected = all,
  ) => choosePaymentAccount(from, connected, { country, currency });
  const account = (key: string) => ({ outcome: 'account', account: key });

  it('takes what is said most exactly, whatever the order', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(routes, { minLength: 4 }), (shuffled) => {
        expect(choose('AE', 'AED', shuffled)).toEqual(account('stripe-both'));
        expect(choose('KW', 'AED', shuffled)).toEqual(account('stripe-currency'));
        expect(choose('AE', 'USD', shuffled)).toEqual(account('stripe-country'));
        expect(choose('KW', 'USD', shuffled)).toEqual(account('stripe-any'));
      }),
    );
  });

  it('takes none that is for something else, and without routes the first that is called by its provider alone', () => {
    expect(choose('KW', 'KWD', routes.slice(1))).toEqual({ outcome: 'no_route' });
    expect(choose('KW', 'KWD', [])).toEqual(account('stripe'));
    expect(choose('KW', 'KWD', [], ['stripe-sa', 'acme', 'acme-2'])).toEqual(account('acme'));
    expect(choose('KW', 'KWD', [], ['acme', 'stripe'])).toEqual(account('acme'));
  });

  it('never falls back to another account when the one that is meant is not connected', () => {
    const choice = choose('AE', 'AED', routes, ['stripe', 'stripe-any']);
    expect(choice).toEqual({ outcome: 'not_connected', account: 'stripe-both' });
    expect(choose('AE', 'AED', [], ['stripe-sa'])).toEqual({ outcome: 'no_route' });
  });

  it('says why there is none', () => {
    const place: PaymentPlace = { country: 'SA', currency: 'SAR' };
    expect(whyNoAccount({ outcome: 'no_route' }, place)).toMatch(/no route.*SAR to SA/);
    expect(whyNoAccount({ outcome: 'not_connected', account: 'stripe-sa' }, place)).toMatch(/stripe-sa/);
    expect(whyNoAccount({ outcome: 'account', account: 'stripe' }, place)).toBeUndefined();
  });
});

describe('faults of routing', () => {
  const place: PaymentPlace = { country: 'SA', currency: 'SAR' };
  const gulf = [to('stripe', { currency: 'AED' }), to('stripe-sa', { country: 'SA' })];

  it('are none when the shop’s orders and every route have an account', () => {
    expect(routingFault(gulf, ['stripe', 'stripe-sa'], place)).toBeUndefined();
    expect(routingFault([], ['stripe'], place)).toBeUndefined();
  });

  it('name what is missing', () => {
    expect(routingFault(gulf, ['stripe'], place)).toMatchObject({ connect: 'stripe-sa' });
    expect(routingFault(gulf, ['stripe', 'stripe-sa'], { country: 'KW', currency: 'KWD' })).toEqual({
      why: 'no route is for orders in KWD to KW',
    });
    expect(routingFault(gulf, ['stripe-sa'], place)).toEqual({
      why: 'a route names stripe, which is not connected',
      connect: 'stripe',
    });
    expect(routingFault(gulf, [], undefined)).toMatchObject({ connect: 'stripe' });
    expect(routingFault([], [], undefined)).toBeUndefined();
  });
});

describe('the key of a payment account', () => {
  it.each(['stripe', 'stripe-sa', 'stripe-2', 'stripe-al-noor-uae'])('%s is one', (key) => {
    expect(key).toMatch(PAYMENT_ACCOUNT);
    expect(providerKindOf(key)).toBe('stripe');
  });

  it.each(['', 's', 'Stripe', 'stripe-', 'stripe-SA', '-sa', 'stripe/../x', 'stripe-a--b', 'stripe\n'])(
    '%j is none',
    (key) => {
      expect(key).not.toMatch(PAYMENT_ACCOUNT);
      expect(() => providerKindOf(key)).toThrow();
    },
  );
});
