import { until } from '#testing';
import { Gateway, textMessage } from './support/gateway.js';

let gateway: Gateway;
beforeAll(async () => {
  gateway = await Gateway.start();
});
afterAll(() => gateway?.stop());

const message = (id: string): object => gateway.envelope({ messages: [textMessage(id, 'hi')] });

it('never acknowledges what it could not journal: 503 while Postgres is away, all stored after it is back', async () => {
  expect((await gateway.whatsapp(message('before'))).status).toBe(200);
  await gateway.line.cut();
  const refused = await Promise.all(Array.from({ length: 20 }, (_, i) => gateway.whatsapp(message(`o${i}`))));
  expect(new Set(refused.map((r) => r.status))).toEqual(new Set([503]));
  expect(refused.map((r) => Number(r.headers.get('retry-after')) > 0)).toEqual(refused.map(() => true));
  expect((await fetch(`${gateway.url}/health/live`)).status).toBe(200);
  expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(503);
  const { merchantId, stripeWebhookSecret } = gateway.shop;
  expect((await gateway.stripe(merchantId, { id: 'e' }, stripeWebhookSecret)).status).toBe(503);

  await gateway.line.mend();
  // As Meta does: the same bodies again until they are taken.
  for (let i = 0; i < 20; i++) {
    await until(`o${i} is taken`, async () => (await gateway.whatsapp(message(`o${i}`))).status === 200);
  }
  const ids = (await gateway.rows()).map((r) => r.payload.messageId);
  expect(ids).toEqual(['wamid.before', ...Array.from({ length: 20 }, (_, i) => `wamid.o${i}`)]);
});

it('answers 503 within seconds when Postgres hangs, and goes on when it answers again', async () => {
  expect((await gateway.whatsapp(message('warm'))).status).toBe(200);
  gateway.line.freeze();
  const startedAt = performance.now();
  const answers = await Promise.all(Array.from({ length: 5 }, (_, i) => gateway.whatsapp(message(`h${i}`))));
  const tookMs = performance.now() - startedAt;
  expect(new Set(answers.map((a) => a.status))).toEqual(new Set([503]));
  expect(tookMs).toBeGreaterThan(1_000);

  gateway.line.thaw();
  await until(
    'it takes webhooks again',
    async () => (await gateway.whatsapp(message('after'))).status === 200,
  );
  for (let i = 0; i < 5; i++) expect((await gateway.whatsapp(message(`h${i}`))).status).toBe(200);
  const rows = await gateway.rows(`external_id LIKE '%wamid.h%'`);
  expect(rows.length).toBe(5);
});

it('refuses the item that Postgres refuses, and nothing else that shared its insert', async () => {
  // The only way to make Postgres refuse one item: a rule of its own.
  await gateway.owner.query(
    `ALTER TABLE journal.items ADD CONSTRAINT poison CHECK (external_id NOT LIKE '%wamid.poison')`,
  );
  const ids = ['a1', 'a2', 'poison', 'a3', 'a4', 'a5', 'a6'];
  const answers = await Promise.all(
    ids.map(async (id) => [id, (await gateway.whatsapp(message(id))).status]),
  );
  expect(answers).toEqual(ids.map((id) => [id, id === 'poison' ? 503 : 200]));
  expect((await gateway.rows(`external_id ~ 'wamid.(a[0-9]|poison)$'`)).length).toBe(6);
});
