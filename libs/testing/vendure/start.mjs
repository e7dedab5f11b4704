import { createRequire } from 'node:module';
import { join } from 'node:path';
import { installVendure } from './install.mjs';

/** Forked by `startVendure`, and ends with it: installs what is missing, then is the server. */
process.on('disconnect', () => process.exit());
const folder = await installVendure();
createRequire(import.meta.url)(join(folder, 'server.cjs'));
