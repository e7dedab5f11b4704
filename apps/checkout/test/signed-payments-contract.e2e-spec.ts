import { probeSignedPayments, SignedPayments, signedPaymentsWebhooks } from '#adapters/signed-payments';
import { describePaymentProvider } from '#core/checkout/testing';
import { createGuardedFetch } from '#platform';
import { until } from '#testing';
import { forward, listen, PaymentPage, type Delivery } from './support/payment-page.js';

const [apiKey, webhookSecret] = ['sk_contract_1', 'wh_contract_1'];
const urls = { allowPrivate: true };

/** The example behind a network that can lose an answer, and a listener for its webhooks. */
async function openWorld() {
  const deliveries: Delivery[] = [];
  const hooks = await listen(({ headers }, rawBody, response) => {
    response.end();
    deliveries.push({ rawBody, headers: { 'waco-signature': String(headers['waco-signature']) } });
  });
  // While a secret is being changed, webhooks are signed with both.
  const both = `wh_next_12 ${webhookSecret}`;
  const page = await PaymentPage.open({ apiKey, webhookSecret: both, webhookUrl: hooks.url });
  let lose = false;
  const network = await listen(async (request, body, response) => {
    const loses = lose;
    lose = false;
    const { status, type, text } = await forward(page.url, request, body);
    if (loses) response.destroy();
    else response.writeHead(status, { 'content-type': type }).end(text);
  });
  const fetch = createGuardedFetch(urls);
  const connection = { baseUrl: `${network.url}/`, apiKey, timeoutMs: 5_000, fetch };
  return {
    connection,
    deliveries,
    provider: new SignedPayments({ ...connection, urls }),
    reader: signedPaymentsWebhooks,
    secrets: ['wh_former_1', webhookSecret],
    loseNextAnswer: () => void (lose = true),
    async test(path: string, outcome: string): Promise<void> {
      const answer = await globalThis.fetch(`${page.url}/v1/test/payments/${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ outcome }),
      });
      if (!answer.ok) throw new Error(`${path} ${outcome}: ${answer.status} ${await answer.text()}`);
    },
    async close(): Promise<void> {
      await page.close();
      await network.close();
      await hooks.close();
    },
  };
}

describePaymentProvider('the adapter of the payment contract on its example', async () => {
  const world = await openWorld();
  return {
    provider: world.provider,
    reader: world.reader,
    secrets: world.secrets,
    now: () => new Date(),
    pay: (session, how) => world.test(`${session}/pay`, how === 'delayed' ? 'pending' : how),
    settle: (session, how) => world.test(`${session}/settle`, how),
    loseNextAnswer: async () => world.loseNextAnswer(),
    deliveries: async (least) => {
      await until(`${least} webhooks`, () => world.deliveries.length >= least);
      return world.deliveries;
    },
    close: () => world.close(),
  };
});

describe('the example of a payment page', () => {
  let world: Awaited<ReturnType<typeof openWorld>>;
  let orders = 0;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world.close());

  /** Opens a page by hand: what it is asked for is the contract's, not the adapter's. */
  async function open(): Promise<{ id: string; url: string }> {
    const answer = await fetch(`${world.connection.baseUrl}v1/payments`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': `page_${(orders += 1)}`,
      },
      body: JSON.stringify({
        merchantId: 'mer_1',
        orderRef: `W${orders}`,
        amount: { minor: 8_900, currency: 'AED' },
        lines: [
          { title: 'Hoodie <script>x</script>', quantity: 1, unitPrice: { minor: 8_900, currency: 'AED' } },
        ],
        shipping: { minor: 0, currency: 'AED' },
        tax: { minor: 0, currency: 'AED' },
        returnUrl: 'https://pay.example/paid?a=1&b="2"',
        cancelUrl: 'https://pay.example/back',
        expiresAt: new Date(Date.now() + 600_000).toISOString(),
      }),
    });
    expect(answer.status).toBe(201);
    return (await answer.json()) as { id: string; url: string };
  }

  it('says whose account it is, to who has the key', async () => {
    expect(await probeSignedPayments(world.connection)).toEqual({ name: 'Example shop', mode: 'test' });
    const stranger = probeSignedPayments({ ...world.connection, apiKey: 'sk_somebody' });
    await expect(stranger).rejects.toMatchObject({ kind: 'misconfigured', code: 'unauthorized' });
    const unknown = world.provider.fetchStatus('pay_none');
    await expect(unknown).rejects.toMatchObject({ kind: 'rejected', code: 'not_found' });
  });

  it('has a button that pays and leads back, once, and a way to turn back that leaves it open', async () => {
    const { id, url } = await open();
    const html = await (await fetch(url)).text();
    expect(html).toContain('href="https://pay.example/back"');
    expect(html).toContain('Hoodie &#60;script&#62;');
    expect(html).toMatch(/<button>Pay AED\s89\.00<\/button>/);
    expect(await world.provider.fetchStatus(id)).toMatchObject({ status: 'open' });
    for (const _click of [1, 2]) {
      const answer = await fetch(`${url}/pay`, { method: 'POST', redirect: 'manual' });
      expect(answer.status).toBe(303);
      expect(answer.headers.get('location')).toBe('https://pay.example/paid?a=1&b="2"');
    }
    expect(await world.provider.fetchStatus(id)).toMatchObject({ status: 'paid' });
    expect((await fetch(url)).status).toBe(200);
    await until('its webhook', () => world.deliveries.length > 0);
    const mine = world.deliveries.filter(({ rawBody }) => rawBody.includes(id));
    expect(mine).toHaveLength(1);
  });

  it('takes nothing on a page that was cancelled', async () => {
    const { id, url } = await open();
    await world.provider.cancel(id);
    expect(await (await fetch(`${url}/pay`, { method: 'POST', redirect: 'manual' })).text()).toContain(
      'over',
    );
    expect(await world.provider.fetchStatus(id)).toMatchObject({ status: 'expired' });
  });
});
