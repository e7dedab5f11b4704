import { remedy, type ErrorPolicy, type RemedyRules, type SendHistory } from './index.js';
import { SAMPLE_RULES, STRICT } from './testing/rules.js';

const FRESH: SendHistory = { retries: 0, pairRefusals: 0, pauses: 0, asTemplate: false, withMedia: false };
const fail = { next: 'fail', deadLetter: false };

const cure = (policy: ErrorPolicy, history: Partial<SendHistory> = {}, rules: RemedyRules = STRICT) =>
  remedy(policy, rules, { ...FRESH, ...history });

describe('what helps after a refusal', () => {
  it('is to hold a pair, longer each time, for as long as the rules say', () => {
    const held = [0, 1, 2, 3, 4, 50].map(
      (pairRefusals) => cure({ class: 'pair_rate', action: 'hold_pair' }, { pairRefusals }).holdPairMs,
    );
    expect(held).toEqual([500, 1_500, 4_500, 13_500, 40_000, 40_000]);
  });

  it('is to try a passing fault again with growing pauses, as often as its policy says', () => {
    const policy: ErrorPolicy = { class: 'transient', action: 'retry', retries: 3, waitMs: 100 };
    const waits = [0, 1, 2].map((retries) => cure(policy, { retries }).message);
    expect(waits.map((w) => (w.next === 'again' ? w.waitMs : null))).toEqual([100, 200, 400]);
    expect(cure(policy, { retries: 3 }).message).toEqual(fail);
  });

  it('is to set a template aside as the rules say', () => {
    expect(cure({ class: 'template_paused', action: 'replan' }).template).toEqual(STRICT.templates!.paused);
    expect(cure({ class: 'template_disabled', action: 'replan' }).template).toEqual(
      STRICT.templates!.disabled,
    );
    expect(cure({ class: 'template_mismatch', action: 'replan' }).template).toEqual(
      STRICT.templates!.mismatched,
    );
  });

  it('is to close the window, unless it was a template that was refused', () => {
    const policy: ErrorPolicy = { class: 'window', action: 'replan' };
    expect(cure(policy)).toMatchObject({ closeWindow: true, message: { next: 'again' } });
    expect(cure(policy, { asTemplate: true }).message).toEqual(fail);
  });

  it('is nothing when the refusal speaks of what the channel does not have', () => {
    const none = SAMPLE_RULES['one that allows anything, and knows texts only'];
    for (const policy of [
      { class: 'pair_rate', action: 'hold_pair' },
      { class: 'window', action: 'replan' },
      { class: 'template_paused', action: 'replan' },
      { class: 'template_mismatch', action: 'replan' },
    ] as const) {
      expect(cure(policy, {}, none).message).toEqual(fail);
    }
  });

  it('is to pause an account longer each time, for an hour at most', () => {
    const policy: ErrorPolicy = { class: 'auth', action: 'pause_account', waitMs: 60_000 };
    const pauses = [0, 2, 50].map((before) => cure(policy, { pauses: before }).pauseAccountMs);
    expect(pauses).toEqual([60_000, 240_000, 3_600_000]);
  });
});
