import { FAKE_SECRET, FAKE_WEBHOOKS, FakePaymentProvider } from './fake-payment-provider.js';
import { describePaymentProvider } from './payment-provider.contract.js';
import { NOW } from './samples.js';

describePaymentProvider('the fake', async () => {
  const provider = new FakePaymentProvider(() => NOW);
  return {
    provider,
    reader: FAKE_WEBHOOKS,
    secrets: ['another', FAKE_SECRET],
    now: () => NOW,
    pay: async (sessionId, how) => provider.pay(sessionId, how),
    settle: async (sessionId, how) => provider.settle(sessionId, how),
    loseNextAnswer: async () => provider.loseNextAnswer(),
    deliveries: async () => provider.deliveries,
    close: async () => undefined,
  };
});
