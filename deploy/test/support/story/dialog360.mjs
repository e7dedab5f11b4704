import { randomBytes } from 'node:crypto';
import { idsOfNumber, openNumber } from '../../../local/sandbox-vendors.mjs';
import { adminApi } from '../two-merchants.mjs';

/** A number that came to WhatsApp by 360dialog. It says itself where its webhooks go, under its key. */
export async function connectDialog360(means) {
  const { admin, sandbox, merchant, of } = means;
  const apiKey = `d360_${randomBytes(24).toString('base64url')}`;
  const webhookSecret = randomBytes(24).toString('base64url');
  await openNumber(means);
  await sandbox.put(`/control/360dialog/numbers/${of.phoneNumber.id}`, { apiKey });
  const { webhookUrl } = await admin.put(`${merchant}/channel-accounts/dialog360`, {
    ...idsOfNumber(of),
    apiKey,
    webhookSecret,
  });
  const webhook = { url: webhookUrl, headers: { 'x-waco-webhook-secret': webhookSecret } };
  await sandbox.post('/360dialog/v1/configs/webhook', webhook, { 'd360-api-key': apiKey });
}

/** It has no templates: what waits for the customer, and why, the admin API says. */
export function withoutTemplates({ urls, secrets }, merchantId) {
  const api = adminApi(urls.admin, secrets.operatorKey);
  const messages = `/v1/merchants/${merchantId}/messages`;
  return {
    templates: false,
    waiting: async (ref) => {
      const { body } = await api('GET', `${messages}?orderRef=${ref}&status=waiting`);
      const found = [];
      for (const { messageId, decision } of body.items) {
        if (decision !== 'wait_for_customer') continue;
        found.push((await api('GET', `${messages}/${messageId}/explain`)).text);
      }
      return found;
    },
  };
}
