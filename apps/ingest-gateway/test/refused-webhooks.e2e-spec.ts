import { connect } from 'node:net';
import { parseKeyRing, seal } from '#platform';
import { insertPaymentAccount, TEST_MASTER_KEYS } from '#testing';
import { Gateway, metaSignature, textMessage, type SenderRow } from './support/gateway.js';

const WRONG = 'a-secret-that-nobody-has';
const APP = 'app_of_the_refused';
const OF_360 = 'acc_of_360dialog';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await Gateway.start();
  const { merchantId } = gateway.shop;
  await gateway.owner.query(
    `INSERT INTO tenancy.meta_apps (id, merchant_id, app, app_secret, verify_token, created_at, updated_at)
     VALUES ($1, $2, 'own', $3, $4, now(), now())`,
    [
      APP,
      merchantId,
      sealed(`meta_apps/${APP}/app_secret`, 'right'),
      sealed(`meta_apps/${APP}/verify_token`, 't'),
    ],
  );
  await gateway.owner.query(
    `INSERT INTO tenancy.channel_accounts
       (id, merchant_id, kind, business_account_id, phone_number_id, display_phone_number, credentials)
     VALUES ($1, $2, 'dialog360', '1', '2', '+971500000001', $3)`,
    [
      OF_360,
      merchantId,
      sealed(
        `channel_accounts/${OF_360}/credentials`,
        JSON.stringify({ apiKey: 'key-of-the-number', webhookSecret: 'right-right-right-right-right' }),
      ),
    ],
  );
  await insertPaymentAccount(gateway.owner, merchantId, 'stripe-sa', gateway.shop);
});
afterAll(() => gateway?.stop());
beforeEach(async () => {
  await gateway.senders();
  await gateway.owner.query('TRUNCATE ingest.webhook_senders');
});

function sealed(binding: string, secret: string): string {
  return seal(secret, binding, parseKeyRing(TEST_MASTER_KEYS));
}

const brief = ({ merchant_id, port, kind, id, refused, reasons, accepted_at }: SenderRow) => ({
  merchant_id,
  sender: `${port}/${kind}/${id}`,
  refused: Number(refused),
  reasons,
  accepted: accepted_at !== null,
});

const stripeEvent = { id: 'evt_1', object: 'event', type: 'ping', created: 1, data: { object: {} } };
const shopEvent = {
  id: 'e-1',
  type: 'stock.updated',
  occurredAt: new Date().toISOString(),
  sequence: 1,
  data: { sku: 'HOODIE', available: 1 },
};

describe('refused webhooks', () => {
  it('are counted for the connection that their address names, whatever the source', async () => {
    const { merchantId, phoneNumberId } = gateway.shop;
    const body = JSON.stringify(gateway.envelope({ messages: [textMessage('refused', 'hi')] }));
    const answers = [
      await gateway.store(merchantId, shopEvent, WRONG),
      await gateway.stripe(merchantId, stripeEvent, WRONG),
      await gateway.post(`/webhooks/payments/stripe/${merchantId}/stripe-sa`, '{}', {}),
      await gateway.post(`/webhooks/whatsapp/${APP}`, body, {
        'x-hub-signature-256': metaSignature(body, WRONG),
      }),
      await gateway.post(`/webhooks/360dialog/${merchantId}/${OF_360}`, body, {
        'x-waco-webhook-secret': `${WRONG}-padding`,
      }),
      await gateway.store(merchantId, 'x'.repeat(300_000), gateway.shop.storeWebhookSecret),
      await gateway.store(merchantId, 'no JSON', gateway.shop.storeWebhookSecret),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 413, 400]);
    const rows = await gateway.senders();
    const one = (sender: string, reasons: object, refused = 1) => ({
      merchant_id: merchantId,
      sender,
      refused,
      reasons,
      accepted: false,
    });
    expect(rows.map(brief)).toEqual([
      one(`channel/dialog360/${OF_360}`, { wrong_signature: 1 }),
      one(`channel_app/whatsapp/${APP}`, { wrong_signature: 1 }),
      one('payment/stripe/stripe', { wrong_signature: 1 }),
      one('payment/stripe/stripe-sa', { no_signature: 1 }),
      one('store/store/rest', { wrong_signature: 1, too_large: 1, malformed: 1 }, 3),
    ]);
    // Of what was sent nothing is kept but its size.
    const { latest } = rows.at(-1)!;
    expect(latest.map(({ reason, route, bytes }) => [reason, route, bytes])).toEqual([
      ['malformed', '/webhooks/store/:merchant', 7],
      ['too_large', '/webhooks/store/:merchant', 300_000],
      ['wrong_signature', '/webhooks/store/:merchant', JSON.stringify(shopEvent).length],
    ]);
    expect(JSON.stringify(rows)).not.toContain(phoneNumberId);
    expect(await gateway.metric('waco_webhooks_refused_total{source="store",reason="too_large"}')).toBe(1);
  });

  it("of the platform's app belong to no merchant, and are in the metric", async () => {
    const line = 'waco_webhooks_refused_total{source="whatsapp",reason="wrong_signature"}';
    const before = await gateway.metric(line);
    const body = gateway.envelope({ messages: [textMessage('forged', 'hi')] });
    expect((await gateway.whatsapp(body, WRONG)).status).toBe(401);
    expect(await gateway.senders()).toEqual([]);
    expect(await gateway.metric(line)).toBe(before + 1);
  });

  it('to an account that the merchant does not have are told apart', async () => {
    const { merchantId } = gateway.shop;
    await gateway.post(`/webhooks/payments/stripe/${merchantId}/stripe-typo`, '{}', {});
    await gateway.post(`/webhooks/vendure/${merchantId}`, '{}', {});
    expect((await gateway.senders()).map(brief)).toMatchObject([
      { sender: 'payment/stripe/', reasons: { unknown_account: 1 } },
      { sender: 'store/vendure/', reasons: { unknown_account: 1 } },
    ]);
  });

  it('and those that were accepted add up over time and processes, in one row for each connection', async () => {
    const { merchantId, channelAccountId, storeWebhookSecret } = gateway.shop;
    const read = async () => (await gateway.senders(merchantId)).map(brief);
    await gateway.whatsapp(gateway.envelope({ messages: [textMessage('accepted', 'hi')] }));
    expect(await read()).toMatchObject([
      { sender: `channel/whatsapp/${channelAccountId}`, refused: 0, accepted: true },
    ]);
    for (let i = 0; i < 12; i++) await gateway.store(merchantId, shopEvent, WRONG);
    expect((await read()).at(-1)).toMatchObject({ refused: 12, accepted: false });
    // Another process wrote as well.
    await gateway.owner.query(
      `UPDATE ingest.webhook_senders SET refused = refused + 5, reasons = '{"wrong_signature": 12, "malformed": 5}'
       WHERE port = 'store'`,
    );
    await gateway.store(merchantId, shopEvent, WRONG);
    const refused = (await gateway.senders(merchantId)).at(-1)!;
    expect(brief(refused)).toMatchObject({ refused: 18, reasons: { wrong_signature: 13, malformed: 5 } });
    expect(refused.latest).toHaveLength(6);
    for (let i = 0; i < 8; i++) await gateway.store(merchantId, shopEvent, WRONG);
    expect((await gateway.senders(merchantId)).at(-1)!.latest).toHaveLength(10);
    // After a refusal an acceptance is written at once.
    expect((await gateway.store(merchantId, shopEvent, storeWebhookSecret)).status).toBe(200);
    const after = (await gateway.senders(merchantId)).at(-1)!;
    expect(after.accepted_at!.getTime()).toBeGreaterThanOrEqual(after.refused_at!.getTime());
    expect(after.refused).toBe('26');
  });

  it('are counted anew after one that was accepted', async () => {
    const { merchantId, storeWebhookSecret } = gateway.shop;
    for (let i = 0; i < 3; i++) await gateway.post(`/webhooks/store/${merchantId}`, '{}', {});
    await gateway.senders();
    expect((await gateway.store(merchantId, shopEvent, storeWebhookSecret)).status).toBe(200);
    expect(brief((await gateway.senders())[0]!)).toMatchObject({ refused: 3, accepted: true });
    for (let i = 0; i < 2; i++) await gateway.store(merchantId, shopEvent, WRONG);
    const [row] = await gateway.senders();
    expect(brief(row!)).toMatchObject({ refused: 2, reasons: { wrong_signature: 2 } });
    expect(row!.refused_since!.getTime()).toBeGreaterThanOrEqual(row!.accepted_at!.getTime());
  });

  it('are counted anew after a day without any', async () => {
    const { merchantId } = gateway.shop;
    await gateway.store(merchantId, shopEvent, WRONG);
    await gateway.senders();
    await gateway.owner.query(
      `UPDATE ingest.webhook_senders SET refused = 100, reasons = '{"malformed": 100}',
         refused_since = now() - interval '9 days', refused_at = now() - interval '2 days'`,
    );
    await gateway.store(merchantId, shopEvent, WRONG);
    const [row] = await gateway.senders();
    expect(brief(row!)).toMatchObject({ refused: 1, reasons: { wrong_signature: 1 } });
    expect(row!.refused_since!.getTime()).toBeGreaterThan(Date.now() - 60_000);
  });

  it('of an account that is switched off are told, though they are acknowledged, and count for no other merchant', async () => {
    const { shop, other } = gateway;
    const off = 'UPDATE tenancy.channel_accounts SET enabled = $2 WHERE id = $1';
    await gateway.owner.query(off, [other.channelAccountId, false]);
    await new Promise((forgotten) => setTimeout(forgotten, 5_200)); // the gateway remembers accounts for 5 s
    const body = gateway.envelope({ messages: [textMessage('off', 'hi')] }, other);
    // The shop's own app says it of a number that is not the shop's.
    const text = JSON.stringify(body);
    const own = { 'x-hub-signature-256': metaSignature(text, 'right') };
    expect((await gateway.post(`/webhooks/whatsapp/${APP}`, text, own)).status).toBe(200);
    expect(await gateway.senders()).toEqual([]);
    expect((await gateway.whatsapp(body)).status).toBe(200);
    expect((await gateway.senders()).map(brief)).toEqual([
      {
        merchant_id: other.merchantId,
        sender: `channel/whatsapp/${other.channelAccountId}`,
        refused: 1,
        reasons: { disabled: 1 },
        accepted: false,
      },
    ]);
    await gateway.owner.query(off, [other.channelAccountId, true]);
    expect(shop.merchantId).not.toBe(other.merchantId);
  });
});

/** Posts without a signature, one behind the other on a few connections; counts the answers by status. */
async function flood(paths: readonly string[]): Promise<Record<string, number>> {
  const statuses: Record<string, number> = {};
  const { port } = new URL(gateway.url);
  const lanes = Array.from({ length: 10 }, (_, lane) => paths.filter((_path, n) => n % 10 === lane));
  await Promise.all(
    lanes.map(
      (lane) =>
        new Promise<void>((done, failed) => {
          const socket = connect(Number(port), '127.0.0.1');
          let text = '';
          let answered = 0;
          socket.on('error', failed);
          socket.on('data', (chunk: Buffer) => {
            text += chunk.toString('latin1');
            const found = [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)];
            for (const [, status] of found) statuses[status!] = (statuses[status!] ?? 0) + 1;
            answered += found.length;
            if (found.length > 0) text = text.slice(found.at(-1)!.index + 12);
            if (answered < lane.length) return;
            socket.destroy();
            done();
          });
          const request = (path: string): string =>
            `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}`;
          socket.write(lane.map(request).join(''));
        }),
    ),
  );
  return statuses;
}

describe('a flood of garbage', () => {
  it('to 10,000 addresses leaves no row, and hides no webhook of a merchant', async () => {
    const { merchantId, storeWebhookSecret } = gateway.shop;
    const path = (n: number): string =>
      n % 2 ? `/webhooks/store/mer_${n}` : `/webhooks/payments/stripe/mer_${n}/stripe-${n % 97}`;
    const statuses = await flood(Array.from({ length: 10_000 }, (_, n) => path(n)));
    expect(statuses).toEqual({ 401: 10_000 });
    expect(await gateway.senders()).toEqual([]);
    expect((await gateway.store(merchantId, { ...shopEvent, id: 'e-2' }, storeWebhookSecret)).status).toBe(
      200,
    );
    await gateway.store(merchantId, shopEvent, WRONG);
    expect((await gateway.senders()).map(brief)).toMatchObject([
      { merchant_id: merchantId, sender: 'store/store/rest', refused: 1, accepted: true },
    ]);
  }, 120_000);

  it('to one merchant, with bodies of a megabyte and accounts that do not exist, is one row for each kind', async () => {
    const { merchantId } = gateway.shop;
    const megabyte = Buffer.alloc(1_048_576, 'x');
    const signature = { 'waco-signature': `t=${Math.floor(Date.now() / 1_000)},v1=${'0'.repeat(64)}` };
    const flood = async (from: number): Promise<void> => {
      for (let n = from; n < 400; n += 8) {
        await gateway
          .post(`/webhooks/payments/stripe/${merchantId}/stripe-${n}`, '{}', {})
          .catch(() => undefined);
        // Its connection may be closed before the body is through.
        await gateway.post(`/webhooks/store/${merchantId}`, megabyte, signature).catch(() => undefined);
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, from) => flood(from)));
    const rows = await gateway.senders();
    expect(rows.map(brief)).toMatchObject([
      { sender: 'payment/stripe/', reasons: { unknown_account: expect.any(Number) } },
      { sender: 'store/store/rest', reasons: { too_large: expect.any(Number) } },
    ]);
    for (const { latest } of rows) expect(latest.length).toBeLessThanOrEqual(10);
  }, 60_000);

  it('is not stored while the database is away, and counted when it is back', async () => {
    const { merchantId } = gateway.shop;
    await gateway.store(merchantId, shopEvent, WRONG); // whose it is, is remembered
    await gateway.line.cut();
    await gateway.store(merchantId, shopEvent, WRONG);
    await gateway.line.mend();
    // Each of the pool's connections finds out by itself that it is broken.
    let rows: SenderRow[] = [];
    for (let n = 0; n < 50 && rows.length === 0; n++) rows = await gateway.senders();
    expect(rows.map(brief)).toMatchObject([{ refused: 2 }]);
  });

  it('is written down when the gateway stops', async () => {
    const stopping = await Gateway.start();
    const { merchantId } = stopping.shop;
    await stopping.store(merchantId, shopEvent, WRONG);
    await stopping.whatsapp(stopping.envelope({ messages: [textMessage('last', 'hi')] }));
    await stopping.stop({
      beforeDrop: async () => {
        const { rows } = await stopping.owner.query(
          'SELECT port, refused FROM ingest.webhook_senders ORDER BY port',
        );
        expect(rows).toEqual([
          { port: 'channel', refused: '0' },
          { port: 'store', refused: '1' },
        ]);
      },
    });
  });
});
