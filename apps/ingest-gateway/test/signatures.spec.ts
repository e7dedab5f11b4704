import { createHmac } from 'node:crypto';
import { restStoreWebhooks } from '#adapters/rest-store';
import { stripeWebhooks } from '#adapters/stripe';
import { signMetaWebhook, splitWebhook, verifyMetaSignature } from '#adapters/whatsapp-cloud';
import type { WebhookReader, WebhookReading } from '#core/tenancy';
import { pick, seeded, spoil, words, write, type Random, type Signed } from './support/fuzz.js';

/** Of each kind; the three sources together make the hundred thousand. */
const EACH = 34_000;
const NOW = new Date('2026-11-21T10:20:00Z');
const SECRETS = ['present-secret', 'former-secret'];

interface Source {
  genuine(random: Random, n: number): Signed;
  sign(body: Buffer, secret: string): string;
  /** Whether a gateway would answer 200 and journal something. */
  accepts(body: Buffer, header: string | undefined): boolean;
}

const mac = (secret: string, ...parts: (string | Buffer)[]): string => {
  const hmac = createHmac('sha256', secret);
  for (const part of parts) hmac.update(part);
  return hmac.digest('hex');
};
const timed = (body: Buffer, secret: string): string => {
  const t = Math.floor(NOW.getTime() / 1_000);
  return `t=${t},v1=${mac(secret, `${t}.`, body)}`;
};
const signed = (random: Random, value: object, sign: Source['sign']): Signed => {
  const body = Buffer.from(write(random, value));
  return { body, header: sign(body, pick(random, SECRETS)) };
};

/** As the gateway does. */
function read<E>(reader: WebhookReader<E>, body: Buffer, header: string | undefined): WebhookReading<E> {
  if (header === undefined || !reader.form.test(header)) return { outcome: 'unsigned' };
  return reader.read(body, header, SECRETS, NOW);
}

const meta: Source = {
  sign: signMetaWebhook,
  genuine: (random, n) =>
    signed(
      random,
      {
        object: 'whatsapp_business_account',
        entry: [
          {
            id: '102290129340398',
            changes: [
              {
                field: 'messages',
                value: {
                  messaging_product: 'whatsapp',
                  metadata: { display_phone_number: '971500000000', phone_number_id: '106540352242922' },
                  contacts: [{ profile: { name: words(random) }, wa_id: '971501234567' }],
                  messages: [
                    {
                      from: '971501234567',
                      id: `wamid.${n}`,
                      timestamp: '1795256400',
                      type: 'text',
                      text: { body: words(random) },
                    },
                  ],
                },
              },
            ],
          },
        ],
      },
      signMetaWebhook,
    ),
  accepts(body, header) {
    if (!verifyMetaSignature(body, header, SECRETS)) return false;
    return splitWebhook(JSON.parse(body.toString('utf8')), NOW).length === 1;
  },
};

const stripe: Source = {
  sign: timed,
  genuine: (random, n) =>
    signed(
      random,
      {
        id: `evt_${n}`,
        object: 'event',
        type: 'customer.updated',
        created: 1_795_256_400,
        data: { object: { id: `cus_${n}`, object: 'customer', name: words(random) } },
      },
      timed,
    ),
  accepts(body, header) {
    const reading = read(stripeWebhooks, body, header);
    return reading.outcome === 'read' && 'ignored' in reading.notices[0]!;
  },
};

const store: Source = {
  sign: timed,
  genuine: (random, n) =>
    signed(
      random,
      {
        id: `evt_${n}`,
        type: 'stock.updated',
        occurredAt: '2026-11-21T10:20:00.000Z',
        sequence: n + 1,
        data: { sku: `SKU-${n}`, available: Math.floor(random() * 100), note: words(random) },
      },
      timed,
    ),
  accepts(body, header) {
    const reading = read(restStoreWebhooks, body, header);
    return reading.outcome === 'read' && 'event' in reading.notices[0]!;
  },
};

describe.each([
  ['WhatsApp', meta],
  ['Stripe', stripe],
  ['store', store],
])('webhooks of %s', (_name, source) => {
  it(`accepts ${EACH} genuine ones, with either secret, whatever was typed and however it is written`, () => {
    const random = seeded(1);
    const rejected: string[] = [];
    for (let n = 0; n < EACH; n++) {
      const { body, header } = source.genuine(random, n);
      if (!source.accepts(body, header)) rejected.push(body.toString('utf8').slice(0, 200));
    }
    expect(rejected).toEqual([]);
  }, 120_000);

  it(`accepts none of ${EACH} that were changed, cut, unsigned or signed by somebody else`, () => {
    const random = seeded(2);
    const accepted: object[] = [];
    for (let n = 0; n < EACH; n++) {
      const right = source.genuine(random, n);
      const { body, header } = spoil(random, right, source.sign);
      if (body.equals(right.body) && header === right.header) continue;
      if (source.accepts(body, header))
        accepted.push({ body: body.toString('latin1').slice(0, 200), header });
    }
    expect(accepted).toEqual([]);
  }, 120_000);

  it('accepts none while there is no secret', () => {
    const body = Buffer.from('{}');
    for (const secret of ['', ' ']) {
      expect(verifyMetaSignature(body, signMetaWebhook(body, secret), [''])).toBe(false);
      for (const reader of [restStoreWebhooks, stripeWebhooks]) {
        expect(reader.read(body, timed(body, secret), [''], NOW)).toEqual({ outcome: 'unsigned' });
      }
    }
  });
});
