import { createRequire } from 'node:module';
import { join } from 'node:path';
import { installVendure } from './install.mjs';

/** Forked by `startVendure`: installs what is missing, then is the server. */
const folder = await installVendure();
createRequire(import.meta.url)(join(folder, 'server.cjs'));
