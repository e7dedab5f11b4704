import fc from 'fast-check';
import Stripe from 'stripe';
import { stripeWebhooks } from './webhook.js';

const NOW = new Date('2026-11-21T10:00:00Z');
const BODY = JSON.stringify({ id: 'evt_1', object: 'event', type: 'customer.updated' });

function signed(secret: string, at = NOW, payload = BODY): string {
  return Stripe.webhooks.generateTestHeaderString({
    payload,
    secret,
    timestamp: Math.floor(at.getTime() / 1_000),
  });
}
const read = (header: string, secrets: string[], body = BODY) =>
  stripeWebhooks.read(Buffer.from(body), header, secrets, NOW);

describe('a webhook of Stripe', () => {
  it('accepts a signature by any of the current secrets', () => {
    expect(read(signed('whsec_new'), ['whsec_old', 'whsec_new'])).toMatchObject({
      outcome: 'read',
      notices: [{ id: 'evt_1' }],
    });
  });

  it('accepts a header with two signatures, as Stripe sends while a secret is rolled', () => {
    const other = signed('whsec_next').split(',')[1]!;
    expect(read(`${signed('whsec_a')},${other}`, ['whsec_next']).outcome).toBe('read');
  });

  it('accepts the signature of another scheme beside its own, as Stripe adds to test events', () => {
    const other = signed('whsec_a').split(',')[1]!.replace('v1=', 'v0=');
    expect(read(`${signed('whsec_a')},${other}`, ['whsec_a']).outcome).toBe('read');
  });

  it('accepts nothing that the SDK would not, and refuses what the two would read differently', () => {
    const sdkAccepts = (header: string): boolean => {
      try {
        const { signature } = Stripe.webhooks;
        return signature!.verifyHeader(BODY, header, 'whsec_a', 300, undefined, NOW.getTime());
      } catch {
        return false; // it says no by throwing
      }
    };
    const seconds = fc.oneof(fc.constant(0), fc.integer({ min: -400, max: 4_000 }));
    const piece = seconds.chain((ahead) => {
      const [t, v1] = signed('whsec_a', new Date(NOW.getTime() + ahead * 1_000)).split(',') as [
        string,
        string,
      ];
      return fc.constantFrom(t, v1, `${t},${v1}`, v1.replace('v1', 'v0'), `${t}0`, ` ${t}`, v1.toUpperCase());
    });
    let verified = 0;
    let split = 0;
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 4 }), (pieces) => {
        const header = pieces.join(',');
        const ours = read(header, ['whsec_a']).outcome === 'read';
        if (ours) verified++;
        if (ours) expect(sdkAccepts(header)).toBe(true);
        const times = header.split(',').filter((p) => p.trim().startsWith('t='));
        if (times.length > 1) expect(ours).toBe(false);
        if (times.length > 1 && sdkAccepts(header)) split++;
      }),
      { numRuns: 5_000 },
    );
    expect(verified).toBeGreaterThan(10);
    expect(split).toBeGreaterThan(10);
  });

  it('refuses a changed body, a foreign secret and no secret', () => {
    const refused = { outcome: 'unsigned' };
    expect(read(signed('whsec_a'), ['whsec_a'], BODY.replace('evt_1', 'evt_2'))).toEqual(refused);
    expect(read(signed('whsec_b'), ['whsec_a'])).toEqual(refused);
    expect(read('nonsense', ['whsec_a'])).toEqual(refused);
    expect(read(signed('whsec_a'), [])).toEqual(refused);
    expect(read(signed('whsec_a'), ['', ' '])).toEqual(refused);
  });

  it('measures the age of a signature by the platform clock, in both directions', () => {
    const shifted = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000);
    for (const seconds of [-299, 299]) {
      expect(read(signed('whsec_a', shifted(seconds)), ['whsec_a']).outcome).toBe('read');
    }
    for (const seconds of [-302, 302]) {
      const verdict = read(signed('whsec_a', shifted(seconds)), ['whsec_a']);
      expect(verdict).toEqual({ outcome: 'unsigned' });
    }
  });

  it('refuses a signed body that is no event', () => {
    for (const body of ['[]', 'null', '{"id":"evt_1"}', '{']) {
      const verdict = read(signed('whsec_a', NOW, body), ['whsec_a'], body);
      expect(verdict).toEqual({
        outcome: 'malformed',
        reason: 'the body must be a Stripe event (object, id, type)',
      });
    }
  });
});
