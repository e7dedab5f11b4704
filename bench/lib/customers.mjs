import { createHmac, randomBytes } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** The phone number of customer `n` of a merchant: the same in every run. */
export const phoneOf = (n) => `9715${String(10_000_000 + n)}`;

/** A signed webhook with one text message, as Meta sends it. */
export function textWebhook({ text, ...message }) {
  return messageWebhook({ ...message, content: { type: 'text', text: { body: text } } });
}

/** A signed webhook with a cart of one piece, sent from the catalog. */
export function cartWebhook({ sku, ...message }) {
  const product_items = [{ product_retailer_id: sku, quantity: 1, item_price: 1, currency: 'AED' }];
  return messageWebhook({
    ...message,
    content: { type: 'order', order: { catalog_id: '1', product_items } },
  });
}

/** A signed webhook with a tap on a button that we had offered. */
export function tapWebhook({ button, title, ...message }) {
  return choiceWebhook(message, 'button_reply', { id: button, title });
}

/** A signed webhook with a row that was picked from a list of ours. */
export function pickWebhook({ row, title, ...message }) {
  return choiceWebhook(message, 'list_reply', { id: row, title });
}

function choiceWebhook(message, type, choice) {
  const content = { type: 'interactive', interactive: { type, [type]: choice } };
  return messageWebhook({ ...message, content });
}

function messageWebhook({ merchant, phone, content, appSecret, sentAt = new Date(), id = newWamid() }) {
  const user = `AE.${phone}000000`;
  const value = {
    contacts: [{ profile: { name: `Customer ${phone}` }, wa_id: phone, user_id: user }],
    messages: [{ from: phone, from_user_id: user, id, timestamp: seconds(sentAt), ...content }],
  };
  return { id, ...signed(merchant, value, appSecret) };
}

/** A signed webhook that says what became of a message of ours; `ref` is our own id of it. */
export function statusWebhook({ merchant, phone, status, wamid, ref, appSecret, at = new Date() }) {
  const value = {
    contacts: [{ wa_id: phone, user_id: `AE.${phone}000000` }],
    statuses: [
      {
        id: wamid,
        status,
        timestamp: seconds(at),
        recipient_id: phone,
        biz_opaque_callback_data: ref,
      },
    ],
  };
  return { id: `${wamid}/${status}`, ...signed(merchant, value, appSecret) };
}

function signed(merchant, value, appSecret) {
  const metadata = {
    display_phone_number: merchant.displayPhoneNumber,
    phone_number_id: merchant.phoneNumberId,
  };
  const change = { field: 'messages', value: { messaging_product: 'whatsapp', metadata, ...value } };
  const entry = [{ id: merchant.wabaId, changes: [change] }];
  const body = Buffer.from(JSON.stringify({ object: 'whatsapp_business_account', entry }));
  return { body, signature: `sha256=${createHmac('sha256', appSecret).update(body).digest('hex')}` };
}

const seconds = (time) => String(Math.floor(time.getTime() / 1_000));

export const newWamid = () => `wamid.${randomBytes(24).toString('base64url')}`;

/** A sender whose webhook was not acknowledged comes again after this; Meta waits longer. */
const AGAIN_MS = 200;

/** Posts webhooks over kept connections. */
export class Poster {
  #agent = new Agent({ keepAlive: true, maxSockets: 128 });

  constructor(gatewayUrl, path = '/webhooks/whatsapp') {
    this.url = new URL(path, gatewayUrl);
  }

  /** Resolves with the status; 0 when there was no answer. */
  async post(webhook) {
    return (await this.attempt(webhook)).status;
  }

  /** Posts until it is acknowledged. */
  async deliver(webhook) {
    while ((await this.post(webhook)) !== 200) await sleep(AGAIN_MS);
  }

  /** As `post`, and whether the connection was refused, so that nobody can have seen the request. */
  attempt({ body, signature, headers = { 'x-hub-signature-256': signature }, path }) {
    return new Promise((done) => {
      const failed = (error) => done({ status: 0, refused: error?.code === 'ECONNREFUSED' });
      const request = httpRequest(
        path ? new URL(path, this.url) : this.url,
        {
          method: 'POST',
          agent: this.#agent,
          timeout: 10_000,
          headers: {
            'content-type': 'application/json',
            'content-length': body.length,
            ...headers,
          },
        },
        (response) => {
          response.resume();
          response.on('end', () => done({ status: response.statusCode, refused: false }));
          response.on('error', failed);
        },
      );
      request.on('timeout', () => request.destroy());
      request.on('error', failed);
      request.end(body);
    });
  }

  close() {
    this.#agent.destroy();
  }
}
