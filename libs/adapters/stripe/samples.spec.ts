import { readdirSync, readFileSync } from 'node:fs';
import Stripe from 'stripe';
import { parseStripeEvent } from './transformers.js';
import { stripeWebhooks } from './webhook.js';

interface Sample {
  docsUrl: string;
  provenance: string;
  expect: string;
  body: { id: string; created: number };
}

const folder = new URL('./samples/', import.meta.url);
const names = readdirSync(folder);
const read = (name: string) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Sample;

/** Signs a sample as Stripe would, verifies it and reads it. */
function roundTrip(body: Sample['body']) {
  const payload = JSON.stringify(body);
  const header = Stripe.webhooks.generateTestHeaderString({
    payload,
    secret: 'whsec_test',
    timestamp: body.created,
  });
  const now = new Date(body.created * 1_000);
  const reading = stripeWebhooks.read(Buffer.from(payload), header, ['whsec_test'], now);
  if (reading.outcome !== 'read') throw new Error(reading.outcome);
  const [notice] = reading.notices;
  expect(notice).toMatchObject({ id: body.id, occurredAt: now });
  return notice!;
}

describe('provider samples', () => {
  it.each(names)('%s names its source and survives signing, verifying and reading', (name) => {
    const sample = read(name);
    expect(sample.docsUrl).toMatch(/^https:\/\/docs\.stripe\.com\//);
    expect(sample.provenance).not.toBe('');
    const notice = roundTrip(sample.body);
    expect('event' in notice ? notice.event.kind : 'ignored').toBe(sample.expect);
    if (!('event' in notice)) return;
    const { event } = notice;
    expect(event).toMatchObject({
      eventId: sample.body.id,
      orderRef: 'W7K3M9QX',
      merchantId: 'mer_019a5b7c30007d11b2c3d4e5f6a7b8c9',
      amount: { minor: 19_800, currency: 'AED' },
      occurredAt: new Date(sample.body.created * 1_000).toISOString(),
    });
    if (event.kind !== 'expired') expect(event.paymentId).toBe('pi_3Waco00000000000000001');
  });

  it('ignores what Waco did not open and what it does not know', () => {
    const sample = read('checkout.session.completed.json')
      .body as unknown as Stripe.CheckoutSessionCompletedEvent;
    const foreign = structuredClone(sample);
    foreign.data.object.metadata = {};
    foreign.data.object.client_reference_id = null;
    expect(parseStripeEvent(foreign)).toMatchObject({ kind: 'ignored' });
    const subscription = structuredClone(sample);
    subscription.data.object.mode = 'subscription';
    expect(parseStripeEvent(subscription)).toMatchObject({ kind: 'ignored' });
    const unknown = { ...sample, type: 'radar.early_fraud_warning.created' } as unknown as Stripe.Event;
    expect(parseStripeEvent(unknown)).toMatchObject({ kind: 'ignored', eventId: sample.id });
  });
});
