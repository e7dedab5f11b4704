import { createHmac, randomBytes } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';

/** The phone number of customer `n` of a merchant: the same in every run. */
export const phoneOf = (n) => `9715${String(10_000_000 + n)}`;

/** A signed webhook with one text message, as Meta sends it. */
export function textWebhook({ merchant, phone, text, appSecret, sentAt = new Date(), id = newWamid() }) {
  const body = Buffer.from(
    JSON.stringify({
      object: 'whatsapp_business_account',
      entry: [
        {
          id: merchant.wabaId,
          changes: [
            {
              field: 'messages',
              value: {
                messaging_product: 'whatsapp',
                metadata: {
                  display_phone_number: merchant.displayPhoneNumber,
                  phone_number_id: merchant.phoneNumberId,
                },
                contacts: [
                  { profile: { name: `Customer ${phone}` }, wa_id: phone, user_id: `AE.${phone}000000` },
                ],
                messages: [
                  {
                    from: phone,
                    from_user_id: `AE.${phone}000000`,
                    id,
                    timestamp: String(Math.floor(sentAt.getTime() / 1_000)),
                    type: 'text',
                    text: { body: text },
                  },
                ],
              },
            },
          ],
        },
      ],
    }),
  );
  const signature = `sha256=${createHmac('sha256', appSecret).update(body).digest('hex')}`;
  return { id, body, signature };
}

export const newWamid = () => `wamid.${randomBytes(24).toString('base64url')}`;

/** Posts webhooks over kept connections. */
export class Poster {
  #agent = new Agent({ keepAlive: true, maxSockets: 128 });

  constructor(gatewayUrl, path = '/webhooks/whatsapp') {
    this.url = new URL(path, gatewayUrl);
  }

  /** Resolves with the status; 0 when there was no answer. */
  post({ body, signature }) {
    return new Promise((done) => {
      const request = httpRequest(
        this.url,
        {
          method: 'POST',
          agent: this.#agent,
          timeout: 10_000,
          headers: {
            'content-type': 'application/json',
            'content-length': body.length,
            'x-hub-signature-256': signature,
          },
        },
        (response) => {
          response.resume();
          response.on('end', () => done(response.statusCode));
          response.on('error', () => done(0));
        },
      );
      request.on('timeout', () => request.destroy());
      request.on('error', () => done(0));
      request.end(body);
    });
  }

  close() {
    this.#agent.destroy();
  }
}
