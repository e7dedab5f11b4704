import { StripePayments, stripeWebhooks } from '#adapters/stripe';
import { describePaymentProvider } from '#core/checkout/testing';
import { until } from '#testing';
import { Outside } from './support/world.js';

describePaymentProvider('Stripe’s adapter on the sandbox', async () => {
  const outside = await Outside.open();
  const [secretKey, webhookSecret] = ['sk_test_contract', 'whsec_contract'];
  const webhookUrl = `${outside.hookUrl}/stripe`;
  await outside.call('PUT', '/control/stripe/accounts/acct_contract', {
    secretKey,
    webhookSecret,
    webhookUrl,
  });
  return {
    provider: new StripePayments({ secretKey, baseUrl: outside.url }),
    reader: stripeWebhooks,
    secrets: ['whsec_other', webhookSecret],
    now: () => outside.now(),
    pay: async (session, outcome) =>
      void (await outside.call('POST', `/pay/${session}/complete`, { outcome, settleAfterMs: 86_400_000 })),
    settle: async (session, how) => {
      const outcome = how === 'paid' ? 'succeeded' : 'failed';
      await outside.call('POST', `/control/stripe/sessions/${session}/settle`, { outcome });
    },
    // The SDK tries once more by itself.
    loseNextAnswer: async () => {
      const fault = { kind: 'reset-after-apply', path: '/v1/checkout/sessions' };
      await outside.call('PUT', '/control/stripe/faults', { nextRequests: [fault, fault] });
    },
    deliveries: async (least) => {
      await until(`${least} webhooks`, () => outside.deliveries.length >= least);
      return outside.deliveries;
    },
    close: () => outside.close(),
  };
});

describe('what Stripe’s refusals mean', () => {
  let outside: Outside;
  beforeAll(async () => {
    outside = await Outside.open();
  });
  afterAll(() => outside.close());
  const provider = (secretKey: string, baseUrl = outside.url) => new StripePayments({ secretKey, baseUrl });

  it('a wrong key is for a person to mend, a server that is not there is worth another try', async () => {
    await expect(provider('sk_test_nobody').fetchStatus('cs_1')).rejects.toMatchObject({
      kind: 'misconfigured',
    });
    const nowhere = provider('sk_test_x', 'http://127.0.0.1:9');
    await expect(nowhere.fetchStatus('cs_1')).rejects.toMatchObject({ kind: 'transient' });
    await expect(nowhere.cancel('cs_1')).rejects.toMatchObject({ kind: 'transient', code: 'unreachable' });
  });

  it('an unknown session is refused, too many calls are slowed, a failure leaves open what happened', async () => {
    const webhook = { webhookSecret: 'whsec_x', webhookUrl: `${outside.hookUrl}/stripe` };
    await outside.call('PUT', '/control/stripe/accounts/acct_x', { secretKey: 'sk_test_x', ...webhook });
    const stripe = provider('sk_test_x');
    await expect(stripe.fetchStatus('cs_test_none')).rejects.toMatchObject({ kind: 'rejected' });
    const order = (status: number) => ({ kind: 'error', status });
    await outside.call('PUT', '/control/stripe/faults', { nextRequests: [order(429), order(429)] });
    await expect(stripe.cancel('cs_test_none')).rejects.toMatchObject({ kind: 'rate-limited' });
    await outside.call('PUT', '/control/stripe/faults', { nextRequests: [order(503), order(503)] });
    await expect(stripe.cancel('cs_test_none')).rejects.toMatchObject({
      kind: 'indeterminate',
      code: 'server_error',
    });
  });
});
