import Stripe from 'stripe';
import { verifyStripeWebhook } from './webhook.js';

const NOW = new Date('2026-11-21T10:00:00Z');
const BODY = JSON.stringify({ id: 'evt_1', object: 'event', type: 'checkout.session.expired' });

function signed(secret: string, at = NOW, payload = BODY): string {
  return Stripe.webhooks.generateTestHeaderString({
    payload,
    secret,
    timestamp: Math.floor(at.getTime() / 1_000),
  });
}
const verify = (header: string | undefined, secrets: string[], body = BODY) =>
  verifyStripeWebhook(Buffer.from(body), header, secrets, NOW);

describe('verifyStripeWebhook', () => {
  it('accepts a signature by any of the current secrets', () => {
    expect(verify(signed('whsec_new'), ['whsec_old', 'whsec_new'])).toMatchObject({
      outcome: 'verified',
      event: { id: 'evt_1' },
    });
  });

  it('accepts a header with two signatures, as Stripe sends while a secret is rolled', () => {
    const other = signed('whsec_next').split(',')[1]!;
    expect(verify(`${signed('whsec_a')},${other}`, ['whsec_next']).outcome).toBe('verified');
  });

  it('refuses a changed body, a foreign secret, no header and no secret', () => {
    const refused = { outcome: 'refused', reason: 'bad_signature' };
    expect(verify(signed('whsec_a'), ['whsec_a'], BODY.replace('evt_1', 'evt_2'))).toEqual(refused);
    expect(verify(signed('whsec_b'), ['whsec_a'])).toEqual(refused);
    expect(verify('nonsense', ['whsec_a'])).toEqual(refused);
    expect(verify(undefined, ['whsec_a'])).toEqual({ outcome: 'refused', reason: 'no_signature' });
    expect(verify(signed('whsec_a'), [])).toEqual(refused);
    expect(verify(signed('whsec_a'), ['', ' '])).toEqual(refused);
  });

  it('measures the age of a signature by the platform clock, in both directions', () => {
    const shifted = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000);
    for (const seconds of [-299, 299]) {
      expect(verify(signed('whsec_a', shifted(seconds)), ['whsec_a']).outcome).toBe('verified');
    }
    for (const seconds of [-302, 302]) {
      const verdict = verify(signed('whsec_a', shifted(seconds)), ['whsec_a']);
      expect(verdict).toEqual({ outcome: 'refused', reason: 'too_old' });
    }
  });

  it('refuses a signed body that is no event', () => {
    for (const body of ['[]', 'null', '{"id":"evt_1"}', '{']) {
      const verdict = verify(signed('whsec_a', NOW, body), ['whsec_a'], body);
      expect(verdict).toEqual({ outcome: 'refused', reason: 'not_an_event' });
    }
  });
});
