import { writeFile } from 'node:fs/promises';
import { openApiFile } from './openapi-file.js';

/** `npm run openapi`: writes the admin API's description to the file that is named, or to docs/openapi.json. */
const file = process.argv[2] ?? 'docs/openapi.json';
await writeFile(file, await openApiFile());
process.stdout.write(`wrote ${file}\n`);
