import pg from 'pg';
import { insertTestMerchant } from '#testing';
import { Gateway, textMessage } from './support/gateway.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await Gateway.start();
});
afterAll(() => gateway?.stop());
beforeEach(() => gateway.owner.query('TRUNCATE journal.items'));

describe('merchants', () => {
  it('leads an item to its merchant, ready for the service that owns its job', async () => {
    const sent = textMessage('w1', 'hello', { from_user_id: 'AE.123', timestamp: '1795256400' });
    await gateway.whatsapp(gateway.envelope({ messages: [sent] }));
    expect(await gateway.rows()).toMatchObject([
      {
        merchant_id: gateway.shop.merchantId,
        service: 'conversation',
        queue: 'threads',
        stream: `thread/${gateway.shop.channelAccountId}/AE.123`,
        name: 'conversation.receive-message.v1',
        source: 'whatsapp',
        external_id: `message/${gateway.shop.phoneNumberId}/text/wamid.w1`,
        occurred_at: new Date(1_795_256_400_000),
        outcome: null,
        payload: {
          channelAccountId: gateway.shop.channelAccountId,
          sentAt: new Date(1_795_256_400_000).toISOString(),
          person: { userId: 'AE.123', waId: '971501234567' },
          content: { type: 'text', text: 'hello' },
        },
      },
    ]);
  });

  it('quarantines what does not lead to one enabled merchant, and lets the rest of the body through', async () => {
    const { shop, other } = gateway;
    const strangers = [
      { businessAccountId: other.businessAccountId, phoneNumberId: shop.phoneNumberId },
      { businessAccountId: shop.businessAccountId, phoneNumberId: other.phoneNumberId },
      { businessAccountId: '999', phoneNumberId: shop.phoneNumberId },
      { businessAccountId: shop.businessAccountId, phoneNumberId: '888' },
    ];
    const entries = [...strangers, shop].map((of, i) => {
      const envelope = gateway.envelope({ messages: [textMessage(`q${i}`, 'hi')] }, of);
      return (envelope as { entry: object[] }).entry[0];
    });
    const response = await gateway.whatsapp({ object: 'whatsapp_business_account', entry: entries });
    expect(response.status).toBe(200);
    const rows = await gateway.rows();
    expect(rows.map((r) => [r.merchant_id, r.service, r.outcome, r.reason])).toEqual([
      [null, 'quarantine', 'quarantined', 'accounts_disagree'],
      [null, 'quarantine', 'quarantined', 'accounts_disagree'],
      [null, 'quarantine', 'quarantined', 'accounts_disagree'],
      [null, 'quarantine', 'quarantined', 'unknown_sender'],
      [shop.merchantId, 'conversation', null, null],
    ]);
    const metric = 'waco_ingest_quarantined_total{source="whatsapp",reason="accounts_disagree"}';
    expect(await gateway.metric(metric)).toBeGreaterThanOrEqual(3);
  });

  it('leads template events by their business account alone', async () => {
    const event = (id: string): object => ({
      object: 'whatsapp_business_account',
      entry: [
        {
          id,
          time: 1_795_256_400,
          changes: [
            {
              field: 'message_template_status_update',
              value: {
                event: 'PAUSED',
                message_template_id: 1,
                message_template_name: 'order_shipped',
                message_template_language: 'en',
                reason: 'NONE',
              },
            },
          ],
        },
      ],
    });
    await gateway.whatsapp(event(gateway.shop.businessAccountId));
    await gateway.whatsapp(event('404'));
    expect(await gateway.rows()).toMatchObject([
      {
        merchant_id: gateway.shop.merchantId,
        name: 'outbound.record-template-status.v1',
        stream: `template/${gateway.shop.businessAccountId}/order_shipped/en`,
        outcome: null,
      },
      { merchant_id: null, outcome: 'quarantined', reason: 'unknown_account' },
    ]);
  });

  it('quarantines a disabled number and a closed merchant, and keeps a suspended merchant going', async () => {
    const suspended = await insertTestMerchant(gateway.database.ownerUrl, { status: 'suspended' });
    const closed = await insertTestMerchant(gateway.database.ownerUrl, { status: 'closed' });
    const disabled = await insertTestMerchant(gateway.database.ownerUrl);
    await gateway.owner.query('UPDATE tenancy.channel_accounts SET enabled = false WHERE id = $1', [
      disabled.channelAccountId,
    ]);
    for (const [i, of] of [suspended, closed, disabled].entries()) {
      const body = gateway.envelope({ messages: [textMessage(`z${i}`, 'hi')] }, of);
      expect((await gateway.whatsapp(body)).status).toBe(200);
    }
    const rows = await gateway.rows();
    expect(rows.map((r) => [r.merchant_id, r.reason])).toEqual([
      [suspended.merchantId, null],
      [null, 'closed'],
      [null, 'disabled'],
    ]);
  });
});

it('the role of the gateway can add to the journal and do nothing else to it', async () => {
  const client = new pg.Client({ connectionString: gateway.database.url('waco_ingest') });
  await client.connect();
  for (const sql of [
    'SELECT * FROM journal.items',
    'DELETE FROM journal.items',
    `UPDATE journal.items SET reason = 'x'`,
    'SELECT * FROM bullmq.nothing',
  ]) {
    await expect(client.query(sql)).rejects.toThrow(/permission denied|does not exist/);
  }
  expect((await client.query('SELECT * FROM tenancy.channel_accounts')).rowCount).toBe(0);
  await client.end();
});
