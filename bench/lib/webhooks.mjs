import { createHmac } from 'node:crypto';

const TEXTS = [
  'black hoodie under 100',
  'do you have this in medium?',
  'هل يتوفر هذا باللون الأسود؟',
  'add two of the second one to my cart please',
  'where is my order? I paid on Monday and have not heard anything since, can you check for me?',
];

/**
 * WhatsApp webhooks as Meta posts them, each with one message of its own id, spread over `people` senders.
 * @returns `count` of `{ id, body, signature }`, signed with `secret`, all different.
 */
export function signedWebhooks({ count, people = 1_000, secret, run, account, now = Date.now() }) {
  const seconds = Math.floor(now / 1_000);
  return Array.from({ length: count }, (_, i) => {
    const id = `wamid.HBgM${run}${String(i).padStart(9, '0')}AA==`;
    const body = JSON.stringify(webhook({ id, i, person: i % people, seconds, ...account }));
    return { id, body, signature: signature(body, secret) };
  });
}

export function signature(body, secret) {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

function webhook({ id, i, person, seconds, businessAccountId, phoneNumberId }) {
  const from = `9715${String(person).padStart(8, '0')}`;
  const name = `Customer ${person}`;
  const metadata = { display_phone_number: '971500000000', phone_number_id: phoneNumberId };
  const text = { body: `${TEXTS[i % TEXTS.length]} (${i})` };
  const value = {
    messaging_product: 'whatsapp',
    metadata,
    contacts: [{ profile: { name }, wa_id: from }],
    messages: [{ from, id, timestamp: String(seconds), type: 'text', text }],
  };
  return {
    object: 'whatsapp_business_account',
    entry: [{ id: businessAccountId, changes: [{ value, field: 'messages' }] }],
  };
}
