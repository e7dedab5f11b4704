import { readFile, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
};

/**
 * Pages load nothing from other hosts; only pictures, videos and voices may come from wherever a shop keeps them. `blob:` is a
 * file that the phone is about to send.
 */
const PAGE_POLICY =
  "default-src 'self'; img-src 'self' data: blob: http: https:; media-src 'self' blob: http: https:; " +
  "style-src 'self'; base-uri 'none'; form-action 'self'";
const STRICT_FOLDERS = /^\/(phone|home)\//;

/**
 * Serves the files of `folder` for every GET that no controller takes. (`@fastify/static` does the same, but
 * cannot be loaded under Jest on Node 20.)
 */
export function servePages(app: NestFastifyApplication, folder: string): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.get('/*', async (request, reply) => {
    const path = decodePath(request.url.split('?')[0]!);
    const file = path === undefined ? undefined : join(folder, path);
    // join() has resolved every `..`, so that a path that left the folder no longer starts with it.
    if (!file?.startsWith(folder + sep)) return reply.callNotFound();
    const found = await stat(file).catch(() => undefined);
    if (found?.isDirectory() && !path!.endsWith('/')) return reply.redirect(`${path!}/`, 302);
    const name = found?.isDirectory() ? join(file, 'index.html') : file;
    const content = await readFile(name).catch(() => undefined);
    if (!content) return reply.callNotFound();
    if (STRICT_FOLDERS.test(path!)) void reply.header('content-security-policy', PAGE_POLICY);
    return reply
      .header('content-type', TYPES[extname(name)] ?? 'application/octet-stream')
      .header('cache-control', 'no-cache')
      .send(content);
  });
}

function decodePath(path: string): string | undefined {
  try {
    const decoded = decodeURIComponent(path);
    return decoded.includes('\0') ? undefined : decoded;
  } catch {
    return undefined; // broken percent-encoding names no file
  }
}
