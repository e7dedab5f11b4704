import { writeFile } from 'node:fs/promises';
import { openApiFile } from './openapi-file.js';
import { apiTypes, type ApiDocument } from './openapi-types.js';

/** `npm run openapi`: writes the admin API's description, and the types by which the command-line client calls it. */
const description = await openApiFile();
await write('docs/openapi.json', description);
await write('apps/admin/src/cli/api.gen.ts', apiTypes(JSON.parse(description) as ApiDocument));

async function write(file: string, text: string): Promise<void> {
  await writeFile(file, text);
  process.stdout.write(`wrote ${file}\n`);
}
