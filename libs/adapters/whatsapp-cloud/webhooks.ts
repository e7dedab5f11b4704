import { IsString, Matches, MinLength } from 'class-validator';
import { IsRandom } from '#platform';
import type { ChannelWebhooks } from '#vendors/kit';
import { readWebhook } from './inbound.js';
import { answerHandshake, verifyMetaSignature } from './signature.js';

const MEBIBYTE = 1_048_576;
const SECRETS = 'WHATSAPP_APP_SECRETS';

/** Meta's webhooks: one address for all merchants of the platform's app, and one for each app that a merchant brought. */
export const whatsAppWebhooks: ChannelWebhooks = {
  routes: { platform: '/webhooks/whatsapp', own: '/webhooks/whatsapp/:app' },
  variables: {
    // The token that is typed into Meta's app dashboard beside the callback address.
    verifyToken: { name: 'WHATSAPP_VERIFY_TOKEN', rules: [MinLength(8), IsRandom(), IsString()] },
    // Secrets of the Meta apps that send here, comma between: several while one is being changed.
    secrets: {
      name: SECRETS,
      rules: [
        Matches(/^[^,\s]{8,}(\s*,\s*[^,\s]{8,})*$/, {
          message: `${SECRETS} must be secrets of 8 characters or more, comma between`,
        }),
        IsRandom((list) => list.split(',').map((secret) => secret.trim())),
      ],
    },
  },
  header: 'x-hub-signature-256',
  form: /^sha256=[0-9a-f]{64}$/,
  // Meta sends up to 3 MB; the rest is room for what it does not document.
  limit: 3.25 * MEBIBYTE,
  verify: verifyMetaSignature,
  handshake: answerHandshake,
  read: readWebhook,
};
