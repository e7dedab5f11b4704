import { judgeInbound, MERCHANT_STATUSES, STATUS_TRANSITIONS } from './merchant-status.js';

const RESUMED = new Date('2026-11-21T10:00:00Z');
const before = (hours: number): Date => new Date(RESUMED.getTime() - hours * 3_600_000);

describe("a merchant's status", () => {
  it('never leaves closed, and can always be closed', () => {
    expect(STATUS_TRANSITIONS.closed).toEqual([]);
    for (const status of MERCHANT_STATUSES.filter((s) => s !== 'closed')) {
      expect(STATUS_TRANSITIONS[status]).toContain('closed');
      expect(STATUS_TRANSITIONS[status]).not.toContain(status);
    }
  });

  it('answers while active, holds while suspended, notes once closed', () => {
    expect(judgeInbound({ status: 'active', resumedAt: null }, before(100))).toBe('answer');
    expect(judgeInbound({ status: 'suspended', resumedAt: null }, before(0))).toBe('hold');
    expect(judgeInbound({ status: 'suspended', resumedAt: RESUMED }, before(48))).toBe('hold');
    expect(judgeInbound({ status: 'closed', resumedAt: RESUMED }, before(0))).toBe('note');
  });

  it('only notes what was older than a day when the merchant was resumed', () => {
    const resumed = { status: 'active', resumedAt: RESUMED } as const;
    expect(judgeInbound(resumed, before(24))).toBe('answer');
    expect(judgeInbound(resumed, before(24.001))).toBe('note');
    expect(judgeInbound(resumed, before(-1))).toBe('answer');
  });
});
