import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What only others know: it is typed in by hand. */
const GIVEN = ['WHATSAPP_APP_SECRETS'];

/** The example with a secret of its own in each place that is empty. */
export function withSecrets(example) {
  return example.replaceAll(/^([A-Z][A-Z0-9_]*)=$/gm, (line, name) => {
    if (GIVEN.includes(name)) return line;
    return `${name}=${secretFor(name)}`;
  });
}

function secretFor(name) {
  if (/_KEYS$/.test(name)) return `k1:${randomBytes(32).toString('base64')}`;
  // A password stands in an address, where other characters would have to be escaped.
  return randomBytes(32).toString(/_PASSWORD$/.test(name) ? 'hex' : 'base64url');
}

/** `node deploy/docker/new-env.mjs`: writes `.env` for docker-compose.yml, which only its owner reads. */
function main() {
  const folder = fileURLToPath(new URL('.', import.meta.url));
  const file = join(folder, '..', '..', '.env');
  try {
    const text = withSecrets(readFileSync(join(folder, 'compose.env.example'), 'utf8'));
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const reason =
      error.code === 'EEXIST' ? 'is there already, and was left alone' : `was not written: ${error.message}`;
    process.stderr.write(`${file} ${reason}\n`);
    process.exit(1);
  }
  process.stdout.write(`wrote ${file}; fill in ${GIVEN.join(', ')}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
