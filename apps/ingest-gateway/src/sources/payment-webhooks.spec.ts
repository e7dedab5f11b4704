import { arrivalOf } from './payment-webhooks.js';

describe("an event's id in the journal", () => {
  const now = new Date('2026-01-01T00:00:00Z');
  const keyOf = (id: string, account: string) =>
    arrivalOf(
      { id, name: 'ping', occurredAt: undefined, ignored: 'nothing follows' },
      { provider: 'acme', merchantId: 'mer_a', account },
      now,
    ).item.externalId;

  it('is the one that the provider gave, at the first account, and says which other account it is of', () => {
    expect(keyOf('evt_1', 'acme')).toBe('event/evt_1');
    expect(keyOf('evt_1', 'acme-sa')).toBe('event/acme-sa/evt_1');
  });

  it('cannot be made up at one account to keep out an event of another', () => {
    const accounts = ['acme', 'acme-sa', 'acme-sa-2'];
    const ids = ['evt_1', ...accounts.flatMap((a) => [`${a}/evt_1`, `${a}/acme/evt_1`, `${a}/`]), '/evt_1'];
    const keys = accounts.flatMap((account) => ids.map((id) => keyOf(id, account)));
    expect(new Set(keys).size).toBe(keys.length);
  });
});
