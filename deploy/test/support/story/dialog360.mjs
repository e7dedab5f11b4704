import { randomBytes } from 'node:crypto';
import { handInTemplates, idsOfNumber, openNumber } from '../../../local/sandbox-vendors.mjs';

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
  await handInTemplates(means);
}
