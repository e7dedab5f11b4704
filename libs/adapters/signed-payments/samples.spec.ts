import { createHmac } from 'node:crypto';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { toAccount, toPayment } from './transformers.js';
import { signedPaymentsWebhooks } from './webhook.js';

interface Sample {
  docsUrl: string;
  provenance: string;
}
interface WebhookSample extends Sample {
  secret: string;
  header: string;
  rawBody: string;
}
interface AnswerSample extends Sample {
  status: number;
  body: { id: string; refunded?: { minor: number } };
}

const FOLDER = new URL('./samples/', import.meta.url);
const namesOf = (prefix: string): string[] => readdirSync(FOLDER).filter((name) => name.startsWith(prefix));
const read = <T extends Sample>(name: string): T =>
  JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as T;

const contract = parse(readFileSync(new URL('./payment-contract.openapi.yaml', import.meta.url), 'utf8')) as {
  webhooks: Record<string, { post: { requestBody: { content: Record<string, { example?: unknown }> } } }>;
};
const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);
ajv.addSchema({ $id: 'contract', ...contract });

/** What the schema of the contract says against a value. */
function faults(pointer: string, value: unknown): string[] {
  const validate = ajv.getSchema(`contract#${pointer}`);
  if (!validate) return [`the contract has nothing at ${pointer}`];
  return validate(value) ? [] : validate.errors!.map((e) => `${e.instancePath} ${e.message}`);
}
const ofEvent = (type: string): string =>
  `/webhooks/${type}/post/requestBody/content/application~1json/schema`;

describe('every sample', () => {
  it.each([...namesOf('')])('%s says where it is from', (name) => {
    const { docsUrl, provenance } = read(name);
    expect(docsUrl).toContain('libs/adapters/signed-payments/payment-contract.openapi.yaml#/');
    expect(provenance).not.toBe('');
  });
});

describe.each(namesOf('webhook.'))('the recorded %s', (name) => {
  const type = name.slice('webhook.'.length, -'.json'.length);
  const { rawBody, header, secret } = read<WebhookSample>(name);
  const now = new Date(Number(/t=(\d+)/.exec(header)![1]) * 1_000);

  it('verifies, and not with one byte changed', () => {
    const raw = Buffer.from(rawBody);
    const read = () => signedPaymentsWebhooks.read(raw, header, ['wh_former_1', secret], now).outcome;
    expect(read()).toBe('read');
    raw[raw.length - 2]! ^= 1;
    expect(read()).toBe('unsigned');
  });

  it('is what the contract says, and is read as an event of its kind', () => {
    const raw = JSON.parse(rawBody) as {
      id: string;
      occurredAt: string;
      data: { id: string; orderRef: string };
    };
    expect(faults(ofEvent(type), raw)).toEqual([]);
    const kind = type.slice('payment.'.length);
    const event = {
      kind,
      eventId: raw.id,
      orderRef: raw.data.orderRef,
      merchantId: 'mer_019a5b7c30007d11b2c3d4e5f6a7b8c9',
      sessionId: raw.data.id,
      paymentId: kind === 'expired' ? undefined : raw.data.id,
      amount: { minor: 19_800, currency: 'AED' },
      occurredAt: raw.occurredAt,
    };
    expect(signedPaymentsWebhooks.read(Buffer.from(rawBody), header, [secret], now)).toEqual({
      outcome: 'read',
      notices: [{ id: raw.id, name: type, occurredAt: new Date(raw.occurredAt), event }],
    });
  });
});

describe('the recorded answers', () => {
  it.each([
    ['payment', 'Payment'],
    ['cancelled', 'Payment'],
    ['account', 'Account'],
    ['refund', 'Refund'],
    ['already-refunded', 'Problem'],
  ])('%s is a %s of the contract', (name, schema) => {
    expect(faults(`/components/schemas/${schema}`, read<AnswerSample>(`answer.${name}.json`).body)).toEqual(
      [],
    );
  });

  it('are read', () => {
    expect(toAccount(read<AnswerSample>('answer.account.json').body)).toEqual({
      name: 'Dune & Date',
      mode: 'test',
    });
    const { body } = read<AnswerSample>('answer.payment.json');
    expect(toPayment(body)).toMatchObject({ id: body.id, status: 'open', orderRef: 'W7K3M9QX' });
  });
});

it('every reference in the contract leads somewhere', () => {
  const references = [...JSON.stringify(contract).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(
    (match) => match[1]!,
  );
  expect(references.length).toBeGreaterThan(50);
  for (const reference of new Set(references)) {
    const target = reference
      .split('/')
      .reduce<unknown>((at, part) => (at as Record<string, unknown>)?.[part], contract);
    expect([reference, target]).toEqual([reference, expect.any(Object)]);
  }
});

it('the examples of the contract are what it says', () => {
  const examples = Object.entries(contract.webhooks).flatMap(([type, { post }]) => {
    const { example } = post.requestBody.content['application/json']!;
    return example === undefined ? [] : [{ type, example }];
  });
  expect(examples).toHaveLength(2);
  for (const { type, example } of examples) {
    expect(faults(ofEvent(type), example)).toEqual([]);
    const body = Buffer.from(JSON.stringify(example));
    const now = new Date();
    const t = Math.floor(now.getTime() / 1_000);
    const header = `t=${t},v1=${createHmac('sha256', 'wh_1').update(`${t}.`).update(body).digest('hex')}`;
    expect(signedPaymentsWebhooks.read(body, header, ['wh_1'], now)).toMatchObject({
      outcome: 'read',
      notices: [{ event: { kind: type.slice('payment.'.length) } }],
    });
  }
});
