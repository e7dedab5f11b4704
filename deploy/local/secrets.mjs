import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Problem, QUEUE_ROLE, SERVICES } from './settings.mjs';

const word = (prefix = '') => prefix + randomBytes(24).toString('base64url');
const key = () => `local1:${randomBytes(32).toString('base64')}`;

/** Makes one secret each; a secret that is already in the file stays as it is. */
const GENERATE = {
  databaseOwner: () => word(),
  masterKeys: key,
  checkoutLinkKeys: key,
  operatorKey: () => word('waco_op_'),
  adminSessionSecret: () => word(),
  whatsappAppSecret: () => randomBytes(16).toString('hex'),
  whatsappVerifyToken: () => word(),
  whatsappAccessToken: () => word('EAAG'),
  stripeSecretKey: () => `sk_test_${randomBytes(24).toString('hex')}`,
  stripeWebhookSecret: () => `whsec_${randomBytes(24).toString('hex')}`,
  shopApiKey: () => word('shop_'),
  shopWebhookSecret: () => word(),
};

/** This stack's secrets, made once and kept in `<data>/secrets.json`, readable by its owner only. @throws Problem */
export function loadSecrets(dataDir) {
  const file = join(dataDir, 'secrets.json');
  mkdirSync(dataDir, { recursive: true });
  const known = existsSync(file) ? read(file) : {};
  const secrets = { ...known, roles: { ...known.roles } };
  for (const [name, generate] of Object.entries(GENERATE)) secrets[name] ??= generate();
  const roles = [...Object.values(SERVICES).map(({ role }) => role), QUEUE_ROLE];
  for (const role of roles) secrets.roles[role] ??= word();
  if (JSON.stringify(secrets) === JSON.stringify(known)) return known;
  writeFileSync(`${file}.new`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
  return secrets;
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new Problem(`${file} is not readable JSON. Restore it, or start afresh with: npm run reset`);
  }
}
