import { readinessSteps, type ReadinessFacts } from './readiness.js';

const READY: ReadinessFacts = {
  merchantId: 'mer_1',
  status: 'active',
  channelAccount: { state: 'ok' },
  store: { state: 'ok' },
  sync: { state: 'done' },
  paymentProvider: { state: 'ok' },
  paymentAccount: 'stripe',
  paymentRouting: { state: 'ok' },
  templates: [{ purpose: 'order_receipt', status: 'APPROVED' }],
  testMessage: { state: 'arrived' },
  webhooks: [],
};

const openSteps = (facts: Partial<ReadinessFacts>) =>
  readinessSteps({ ...READY, ...facts }).filter((s) => !s.ok);

describe('readiness', () => {
  it('lists every step and asks for nothing when all is there', () => {
    expect(readinessSteps(READY)).toEqual(
      [
        'merchant_active',
        'channel_account',
        'store',
        'first_sync',
        'payment_provider',
        'payment_routing',
        'template:order_receipt',
        'test_message',
      ].map((step) => ({ step, ok: true })),
    );
  });

  it('says for each missing thing what it is and which call mends it', () => {
    const missing = openSteps({
      channelAccount: { state: 'missing' },
      store: { state: 'missing' },
      sync: { state: 'none' },
      paymentProvider: { state: 'missing' },
      paymentRouting: { state: 'broken', why: 'stripe is not connected', connect: 'stripe' },
      templates: [{ purpose: 'order_receipt', status: null }],
      testMessage: { state: 'none' },
    });
    expect(missing.map((s) => s.fix)).toEqual([
      'PUT /v1/merchants/mer_1/channel-accounts/<channel>',
      'PUT /v1/merchants/mer_1/store',
      'PUT /v1/merchants/mer_1/store: connecting the shop starts it',
      'PUT /v1/merchants/mer_1/payment-providers/stripe',
      'PUT /v1/merchants/mer_1/payment-providers/stripe; or PATCH /v1/merchants/mer_1/settings with other payments.routes',
      'PUT /v1/merchants/mer_1/templates/order_receipt',
      'POST /v1/merchants/mer_1/test-message with the number of a phone at hand',
    ]);
  });

  it.each<[string, Partial<ReadinessFacts>, RegExp]>([
    ['merchant_active', { status: 'suspended' }, /suspended/],
    ['merchant_active', { status: 'closed' }, /closed/],
    ['channel_account', { channelAccount: { state: 'disabled' } }, /switched off/],
    ['store', { store: { state: 'failing', why: 'timeout' } }, /timeout/],
    ['first_sync', { sync: { state: 'running' } }, /not ended/],
    ['first_sync', { sync: { state: 'failed', why: 'unauthorized' } }, /unauthorized/],
    ['payment_provider', { paymentProvider: { state: 'failing', why: 'stripe-sa: no' } }, /stripe-sa: no/],
    ['payment_routing', { paymentRouting: { state: 'broken', why: 'no route for SAR' } }, /no route for SAR/],
    [
      'template:order_receipt',
      { templates: [{ purpose: 'order_receipt', status: 'PENDING' }] },
      /not approved/,
    ],
    ['template:order_receipt', { templates: [{ purpose: 'order_receipt', status: 'REJECTED' }] }, /REJECTED/],
    [
      'template:order_receipt',
      { templates: [{ purpose: 'order_receipt', status: 'UNKNOWN' }] },
      /did not say/,
    ],
    ['test_message', { testMessage: { state: 'failed', why: 'error 131026' } }, /131026/],
    ['test_message', { testMessage: { state: 'waiting', why: 'no_template' } }, /no free text/],
    ['test_message', { testMessage: { state: 'waiting', why: 'pair_rate' } }, /waits: pair_rate/],
    ['test_message', { testMessage: { state: 'waiting', why: null } }, /on its way$/],
  ])('holds back %s for %j', (step, facts, missing) => {
    const open = openSteps(facts);
    expect(open.map((s) => s.step)).toEqual([step]);
    expect(open[0]!.missing).toMatch(missing);
    expect(open[0]!.fix).toBeTruthy();
  });
});
