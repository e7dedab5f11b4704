import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Semaphore } from '#platform';
import { GraphError, graphRefusal } from './graph-error.js';
import { LARGEST_FILE, tooLarge } from './media-rules.js';

/** What stands around the largest file: delimiters, headers and the other fields. */
const FRAME = 65_536;
const LONGEST_FIELD = 4_096;
const FILE = 'file';

export interface UploadedFile {
  fileName: string;
  /** Empty when the form says none. */
  contentType: string;
  bytes: Buffer;
}

export interface Upload {
  fields: Record<string, string>;
  file?: UploadedFile;
}

/** Reads uploaded forms, one at a time, as their bodies are held in memory. */
@Injectable()
export class Uploads {
  private readonly atOnce = new Semaphore(1);

  /** @throws GraphError when the form cannot be read, or is larger than any file may be. */
  async read(request: FastifyRequest): Promise<Upload> {
    const type = request.headers['content-type'] ?? '';
    if (!/^multipart\/form-data\b/i.test(type)) throw graphRefusal('The parameter file is required.');
    if (Number(request.headers['content-length'] ?? 0) > LARGEST_FILE + FRAME) throw tooLarge(LARGEST_FILE);
    return this.atOnce.pass(async () => uploadIn(await formIn(type, await bodyOf(request))));
  }

  /** The file that a business uploads to send it. @throws GraphError when the form lacks what Meta asks for. */
  async medium(request: FastifyRequest): Promise<UploadedFile> {
    const { fields, file } = await this.read(request);
    if (fields.messaging_product === undefined) {
      throw graphRefusal('The parameter messaging_product is required.');
    }
    if (fields.messaging_product.toLowerCase() !== 'whatsapp') {
      throw graphRefusal('Param messaging_product must be one of {WHATSAPP}.');
    }
    if (!file) throw graphRefusal('The parameter file is required.');
    return file;
  }
}

async function uploadIn(form: FormData): Promise<Upload> {
  const fields: Record<string, string> = {};
  for (const [name, value] of form) {
    if (name !== FILE && typeof value === 'string' && value.length <= LONGEST_FIELD) fields[name] = value;
  }
  const file = form.get(FILE);
  if (file === null || typeof file === 'string') return { fields };
  const { name: fileName, type: contentType } = file;
  return { fields, file: { fileName, contentType, bytes: Buffer.from(await file.arrayBuffer()) } };
}

async function formIn(type: string, body: Buffer): Promise<FormData> {
  try {
    return await new Response(body, { headers: { 'content-type': type } }).formData();
  } catch {
    throw graphRefusal('The multipart body cannot be read.');
  }
}

async function bodyOf({ raw }: FastifyRequest): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of raw as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > LARGEST_FILE + FRAME) break;
      chunks.push(chunk);
    }
  } catch {
    throw new GraphError(100, 'The body did not come to its end', { status: 400 });
  }
  if (length > LARGEST_FILE + FRAME) throw tooLarge(LARGEST_FILE);
  return Buffer.concat(chunks, length);
}
