import { judgeWebhooks, type WebhookFacts } from './webhook-senders.js';

const at = (minute: number): Date => new Date(Date.UTC(2026, 10, 27, 10, minute));
const FACTS: WebhookFacts = {
  what: 'shop',
  subscribed: { state: 'unknown', why: 'nobody can be asked' },
  lastReceivedAt: null,
  refused: null,
};
const refused = (lastAt: Date): WebhookFacts['refused'] => ({
  count: 3,
  since: at(2),
  lastAt,
  reasons: { malformed: 1, wrong_signature: 2 },
});
const judge = (facts: Partial<WebhookFacts>) => judgeWebhooks({ ...FACTS, ...facts });

describe('whether webhooks reach us', () => {
  it("is proven by the vendor's word or by one that came, and by nothing else", () => {
    expect(judge({ subscribed: { state: 'yes' } })).toEqual({ state: 'proven' });
    expect(judge({ lastReceivedAt: at(1) })).toEqual({ state: 'proven' });
    expect(judge({})).toEqual({
      state: 'unproven',
      why: 'no webhook of the shop has come yet; nobody can be asked',
    });
  });

  it('is denied by the vendor, whatever came before', () => {
    const subscribed = { state: 'no', why: 'no app is subscribed' } as const;
    expect(judge({ subscribed, lastReceivedAt: at(1) })).toEqual({
      state: 'not_subscribed',
      why: 'no app is subscribed',
    });
  });

  const WHY =
    '3 webhooks were refused since 2026-11-27 10:02 UTC, and none of the shop was accepted after that: ' +
    'its body is not what the vendor documents (1); its signature does not match (2)';

  it("is denied by refusals as long as none was ever accepted, whatever the vendor's word", () => {
    for (const state of ['yes', 'unknown'] as const) {
      const subscribed = { state, why: 'nobody can be asked' };
      expect(judge({ subscribed, refused: refused(at(5)) })).toEqual({
        state: 'refused',
        reason: 'wrong_signature',
        why: WHY,
      });
    }
  });

  it('is denied by a secret that was changed, until one is accepted again', () => {
    const since = { lastReceivedAt: at(4), refused: refused(at(5)) };
    const denied = { state: 'refused', reason: 'wrong_signature', why: WHY };
    expect(judge(since)).toEqual(denied);
    expect(judge({ ...since, subscribed: { state: 'yes' } })).toEqual(denied);
    expect(judge({ ...since, lastReceivedAt: at(6) })).toEqual({ state: 'proven' });
  });

  it("is denied by a secret that was changed among any number of a stray's requests", () => {
    const reasons = { no_signature: 7, too_large: 9, wrong_signature: 1 };
    const facts = { lastReceivedAt: at(4), refused: { ...refused(at(5))!, reasons } };
    expect(judge(facts)).toMatchObject({ state: 'refused', reason: 'wrong_signature' });
  });

  it('is in doubt when all came to the address of an account that was not connected', () => {
    const facts = { refused: { ...refused(at(5))!, reasons: { unknown_account: 3 } } };
    expect(judge(facts)).toMatchObject({ state: 'doubtful', reason: 'unknown_account' });
    const unsigned = { refused: { ...refused(at(5))!, reasons: { unknown_account: 3, no_signature: 1 } } };
    expect(judge(unsigned)).toMatchObject({ state: 'refused' });
  });

  it.each([
    // A stray caller is refused for these, who tells nothing of the vendor.
    ['no_signature', 'doubtful'],
    ['too_large', 'doubtful'],
    ['unknown_account', 'doubtful'],
    ['malformed', 'refused'],
    ['disabled', 'refused'],
    ['too_many', 'refused'],
  ] as const)('after one was accepted, refused for %s is %s', (reason, state) => {
    const facts = { lastReceivedAt: at(4), refused: { ...refused(at(5))!, reasons: { [reason]: 3 } } };
    expect(judge(facts)).toMatchObject({ state, reason });
  });
});
