/** One part of a `multipart/form-data` body. */
export interface Part {
  name: string;
  fileName?: string;
  contentType?: string;
  bytes: Buffer;
}

const MOST_PARTS = 20;
const LONGEST_HEADERS = 4_096;
const CRLF = '\r\n';

export class BodyTooLarge extends Error {}

/** @throws BodyTooLarge, without having kept more than `limit` bytes. */
export async function readBounded(stream: AsyncIterable<Buffer>, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > limit) throw new BodyTooLarge(`the body has more than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

/** The parts of a form (RFC 7578), which share the memory of `body`. Undefined when it is not such a form. */
export function readForm(contentType: string | undefined, body: Buffer): Part[] | undefined {
  const boundary = boundaryOf(contentType);
  if (boundary === undefined) return undefined;
  const delimiter = Buffer.from(`${CRLF}--${boundary}`);
  const parts: Part[] = [];
  // The first delimiter may stand at the very beginning, without a line before it.
  let at = body.indexOf(`--${boundary}`) === 0 ? delimiter.length - CRLF.length : after(body, delimiter, 0);
  while (at !== undefined) {
    if (body.toString('latin1', at, at + 2) === '--') return parts;
    const headersAt = body.indexOf(CRLF, at);
    if (headersAt < 0 || body.toString('latin1', at, headersAt).trim() !== '') return undefined;
    const bytesAt = after(body, Buffer.from(CRLF + CRLF), headersAt);
    if (bytesAt === undefined || bytesAt - at > LONGEST_HEADERS || parts.length === MOST_PARTS)
      return undefined;
    const next = after(body, delimiter, bytesAt);
    if (next === undefined) return undefined;
    const part = partOf(body.toString('utf8', headersAt, bytesAt));
    if (!part) return undefined;
    parts.push({ ...part, bytes: body.subarray(bytesAt, next - delimiter.length) });
    at = next;
  }
  return undefined;
}

function boundaryOf(contentType = ''): string | undefined {
  if (!/^multipart\/form-data\s*;/i.test(contentType)) return undefined;
  const found = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))\s*(?:;|$)/i.exec(contentType);
  return found?.[1] ?? found?.[2];
}

/** Where `wanted` ends, or undefined when it does not come from `from` on. */
function after(body: Buffer, wanted: Buffer, from: number): number | undefined {
  const at = body.indexOf(wanted, from);
  return at < 0 ? undefined : at + wanted.length;
}

function partOf(headers: string): Omit<Part, 'bytes'> | undefined {
  const disposition = headerOf(headers, 'content-disposition');
  if (disposition === undefined || !/^form-data\s*;/i.test(disposition)) return undefined;
  const name = parameterOf(disposition, 'name');
  if (name === undefined) return undefined;
  return {
    name,
    fileName: parameterOf(disposition, 'filename'),
    contentType: headerOf(headers, 'content-type'),
  };
}

function headerOf(headers: string, name: string): string | undefined {
  for (const line of headers.split(CRLF)) {
    const colon = line.indexOf(':');
    if (colon > 0 && line.slice(0, colon).trim().toLowerCase() === name) return line.slice(colon + 1).trim();
  }
  return undefined;
}

function parameterOf(header: string, name: string): string | undefined {
  const found = new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;"]+))`, 'i').exec(header);
  return found?.[1]?.replace(/\\(.)/g, '$1') ?? found?.[2];
}
