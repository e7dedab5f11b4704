import { createHmac, randomBytes } from 'node:crypto';
import type { Customer, Json, PhoneNumber, ThreadMessage, Waba } from './model.js';

/** JSON as Meta writes it: everything beyond ASCII as `\uXXXX`, and `/` as `\/`. The signature is over these bytes. */
export function metaJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('/', '\\/')
    .replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Headers of a webhook: HMAC-SHA256 with the app's secret over the body's bytes. */
export function signWebhook(body: string, appSecret: string): Record<string, string> {
  const digest = createHmac('sha256', appSecret).update(body, 'utf8').digest('hex');
  return {
    'content-type': 'application/json',
    'user-agent': 'facebookexternalua',
    'x-hub-signature-256': `sha256=${digest}`,
  };
}

export function newWamid(digits: string): string {
  return `wamid.${Buffer.concat([Buffer.from([0x1c, 0x18, 0x0c]), Buffer.from(digits), Buffer.from([0x15, 2, 0]), randomBytes(18)]).toString('base64')}`;
}

const COUNTRIES: [prefix: string, country: string][] = [
  ['971', 'AE'],
  ['966', 'SA'],
  ['965', 'KW'],
  ['973', 'BH'],
  ['974', 'QA'],
  ['968', 'OM'],
  ['91', 'IN'],
  ['254', 'KE'],
  ['234', 'NG'],
  ['44', 'GB'],
  ['1', 'US'],
];

/** The id under which one portfolio knows a person. Another portfolio gets another one. */
export function userIdFor(customer: Customer, portfolioId: string): string {
  const digest = createHmac('sha256', portfolioId)
    .update(`${customer.customerId}:${customer.phone}`)
    .digest();
  const digits = (digest.readBigUInt64BE(0) % 10n ** 18n).toString().padStart(18, '1');
  const country = COUNTRIES.find(([prefix]) => customer.phone.startsWith(prefix))?.[1] ?? 'AE';
  return `${country}.${digits}`;
}

/** The envelope of a change about messages. */
export function messagesChange(waba: Waba, number: PhoneNumber, value: Json): Json {
  return {
    object: 'whatsapp_business_account',
    entry: [
      {
        id: waba.wabaId,
        changes: [
          {
            value: {
              messaging_product: 'whatsapp',
              metadata: {
                display_phone_number: number.displayPhoneNumber.replace(/\D/g, ''),
                phone_number_id: number.id,
              },
              ...value,
            },
            field: 'messages',
          },
        ],
      },
    ],
  };
}

/** The envelope of a change about the account; only these carry `time`. */
export function accountChange(waba: Waba, field: string, value: unknown, now: Date): Json {
  return {
    object: 'whatsapp_business_account',
    entry: [{ id: waba.wabaId, time: unixSeconds(now), changes: [{ value, field }] }],
  };
}

/** `contacts[]`: without `wa_id` when the person's number is hidden. */
export function contactOf(customer: Customer, waba: Waba): Json {
  return {
    profile: { name: customer.name },
    ...(customer.hidePhone ? {} : { wa_id: customer.phone }),
    user_id: userIdFor(customer, waba.portfolioId),
  };
}

export function unixSeconds(at: Date): number {
  return Math.floor(at.getTime() / 1_000);
}

export interface StatusFacts {
  status: 'sent' | 'delivered' | 'read' | 'failed';
  at: Date;
  /** On `sent` and on one of delivered or read. */
  priced: boolean;
  errors?: object[];
}

/** One entry of `statuses[]`. */
export function statusOf(
  message: Pick<ThreadMessage, 'id' | 'category' | 'opaque'>,
  recipient: { phone?: string; userId?: string },
  facts: StatusFacts,
): Json {
  return {
    id: message.id,
    status: facts.status,
    timestamp: String(unixSeconds(facts.at)),
    ...(recipient.phone ? { recipient_id: recipient.phone } : {}),
    ...(recipient.userId ? { recipient_user_id: recipient.userId } : {}),
    ...(message.opaque === undefined ? {} : { biz_opaque_callback_data: message.opaque }),
    ...(facts.priced
      ? {
          pricing: {
            billable: true,
            pricing_model: 'PMP',
            type: 'regular',
            category: message.category ?? 'service',
          },
        }
      : {}),
    ...(facts.errors ? { errors: facts.errors } : {}),
  };
}
