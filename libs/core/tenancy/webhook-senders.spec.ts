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

  it('is in doubt from a refusal on, with the commonest reason first in mind, until one is accepted', () => {
    const judged = judge({ subscribed: { state: 'yes' }, lastReceivedAt: at(4), refused: refused(at(5)) });
    expect(judged).toEqual({
      state: 'refused',
      reason: 'wrong_signature',
      why:
        '3 webhooks were refused since 2026-11-27 10:02 UTC, and none of the shop was accepted after that: ' +
        'its body is not what the vendor documents (1); its signature does not match (2)',
    });
    expect(judge({ refused: refused(at(5)) }).state).toBe('refused');
    expect(judge({ lastReceivedAt: at(6), refused: refused(at(5)) })).toEqual({ state: 'proven' });
  });
});
