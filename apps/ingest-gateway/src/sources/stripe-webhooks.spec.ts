import { type StripeEvent } from '#adapters/stripe';
import { arrivalOf } from './stripe-webhooks.js';

describe("an event's id in the journal", () => {
  const now = new Date('2026-01-01T00:00:00Z');
  const keyOf = (id: string, account: string) =>
    arrivalOf(
      { object: 'event', id, type: 'ping', created: 1 } as never as StripeEvent,
      'mer_a',
      account,
      now,
    ).item.externalId;

  it('is the one that Stripe gave, at the first account, and says which other account it is of', () => {
    expect(keyOf('evt_1', 'stripe')).toBe('event/evt_1');
    expect(keyOf('evt_1', 'stripe-sa')).toBe('event/stripe-sa/evt_1');
  });

  it('cannot be made up at one account to keep out an event of another', () => {
    const accounts = ['stripe', 'stripe-sa', 'stripe-sa-2'];
    const ids = ['evt_1', ...accounts.flatMap((a) => [`${a}/evt_1`, `${a}/stripe/evt_1`, `${a}/`]), '/evt_1'];
    const keys = accounts.flatMap((account) => ids.map((id) => keyOf(id, account)));
    expect(new Set(keys).size).toBe(keys.length);
  });
});
