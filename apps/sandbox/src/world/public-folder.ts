import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * `apps/sandbox/public` in the source tree, found from the folder that holds package.json, so that it is the
 * same from `apps/sandbox/src` (tests) and from `dist/apps/sandbox/src` (built).
 * @throws Error when no such folder is above `moduleUrl`.
 */
export function publicFolder(moduleUrl: string): string {
  let folder = dirname(fileURLToPath(moduleUrl));
  for (;;) {
    const candidate = join(folder, 'apps', 'sandbox', 'public');
    if (existsSync(join(folder, 'package.json')) && existsSync(candidate)) return candidate;
    const parent = dirname(folder);
    if (parent === folder) throw new Error('apps/sandbox/public was not found above this file');
    folder = parent;
  }
}
