import { checkRetention, keptSince, retentionOf } from './retention.js';
import { checkSettings } from './settings.js';

describe('retention', () => {
  it('has a default for each part', () => {
    expect(retentionOf()).toEqual({ chats: 180, orders: 730, journal: 30 });
    expect(retentionOf({ chats: 60 })).toEqual({ chats: 60, orders: 730, journal: 30 });
  });

  it('never keeps the journal longer than what it repeats', () => {
    expect(retentionOf({ chats: 30, orders: 30, journal: 8 }).journal).toBe(8);
    expect(retentionOf({ chats: 40, journal: 90 }).journal).toBe(40);
    expect(checkRetention({ chats: 40, journal: 40 })).toEqual([]);
    const problem = { field: 'retention.journal', rule: 'max' };
    expect(checkRetention({ chats: 40, journal: 41 })).toMatchObject([problem]);
    expect(checkSettings({ retention: { orders: 30, journal: 31 } })).toMatchObject([problem]);
  });

  it('counts days of 24 hours', () => {
    expect(keptSince(new Date('2026-03-10T12:00:00Z'), 8).toISOString()).toBe('2026-03-02T12:00:00.000Z');
  });
});
