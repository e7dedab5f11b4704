import { remedy, type ErrorAction, type Remedy, type SendHistory } from '#core/outbound';
import { classifyError } from './error-policies.js';
import { WHATSAPP_RULES } from './rules.js';

/** The published classes, code by code. */
const TABLE: Record<string, readonly [ErrorAction, readonly number[]]> = {
  auth: ['pause_account', [0, 3, 10, 190, 200, 230, 299, 131005]],
  policy: ['pause_account', [368, 131031]],
  country: ['fail', [130497]],
  account_rate: ['pause_account', [4, 80007]],
  number_rate: ['slow_number', [130429]],
  pair_rate: ['hold_pair', [131056]],
  spam: ['retry', [131048]],
  transient: ['retry', [1, 2, 131000, 131016, 131057, 133004, 2494100]],
  request: [
    'fail',
    [33, 100, 131008, 131009, 131021, 131051, 131055, 132005, 132007, 132018, 134100, 135000],
  ],
  template_mismatch: ['replan', [132000, 132001, 132012]],
  media: ['replan', [131052, 131053]],
  recipient: ['fail', [131026, 130472]],
  opted_out: ['fail', [131050]],
  window: ['replan', [131047]],
  ecosystem_cap: ['retry', [131049]],
  template_paused: ['replan', [132015]],
  template_disabled: ['replan', [132016]],
  template_syncing: ['retry', [134101]],
  flow: ['fail', [132068, 132069]],
  billing: ['pause_account', [131042]],
  registration: [
    'pause_account',
    [131037, 131045, 133000, 133005, 133006, 133008, 133009, 133010, 133015, 133016],
  ],
  identity: ['fail', [131062]],
  payments: ['fail', [134011, 2046, 2047]],
  unknown: ['retry', [199, 300, 999_999]],
};

const FRESH: SendHistory = { retries: 0, pairRefusals: 0, pauses: 0, asTemplate: false, withMedia: false };

const cure = (code: number, history: Partial<SendHistory> = {}): Remedy =>
  remedy(classifyError(code), WHATSAPP_RULES, { ...FRESH, ...history });

describe('error classes', () => {
  it.each(Object.entries(TABLE))('%s', (cls, [action, codes]) => {
    for (const code of codes) expect(classifyError(code)).toMatchObject({ class: cls, action });
  });
});

describe('remedies', () => {
  it('hold a pair for 4^n seconds', () => {
    const holds = [0, 1, 2, 3].map((pairRefusals) => cure(131056, { pairRefusals }).holdPairMs);
    expect(holds).toEqual([1_000, 4_000, 16_000, 64_000]);
  });

  it('try a passing fault five times with growing pauses, then fail', () => {
    const waits = [0, 1, 2, 3, 4].map((retries) => cure(131000, { retries }).message);
    expect(waits.map((w) => (w.next === 'again' ? w.waitMs : null))).toEqual(
      [2, 4, 8, 16, 32].map((s) => s * 1_000),
    );
    expect(cure(131000, { retries: 5 }).message.next).toBe('fail');
  });

  it('try an unknown code once, then call a person', () => {
    expect(cure(999_999).message.next).toBe('again');
    expect(cure(999_999, { retries: 1 }).message).toEqual({ next: 'fail', deadLetter: true });
  });

  it('close the window and plan anew on 131047, unless it was a template', () => {
    expect(cure(131047)).toMatchObject({ closeWindow: true, message: { next: 'again', waitMs: 0 } });
    expect(cure(131047, { asTemplate: true }).message.next).toBe('fail');
  });

  it('leave media away once', () => {
    expect(cure(131053, { withMedia: true })).toMatchObject({ dropMedia: true });
    expect(cure(131053).message.next).toBe('fail');
  });

  it('pause an account longer each time, for an hour at most', () => {
    expect(cure(190).pauseAccountMs).toBe(60_000);
    expect(cure(190, { pauses: 2 }).pauseAccountMs).toBe(240_000);
    expect(cure(190, { pauses: 50 }).pauseAccountMs).toBe(3_600_000);
  });

  it('set a template aside', () => {
    expect(cure(132015).template).toEqual({ state: 'PAUSED', recheckMs: 10_800_000 });
    expect(cure(132016).template).toEqual({ state: 'DISABLED', recheckMs: null });
  });
});
