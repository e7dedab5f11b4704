import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Semaphore } from '#platform';
import { GraphError, graphRefusal } from './graph-error.js';
import { LARGEST_FILE, tooLarge } from './media-rules.js';
import { BodyTooLarge, readBounded, readForm, type Part } from './multipart.js';

/** What stands around the largest file: delimiters, headers and the other fields. */
const FRAME = 65_536;
const LONGEST_FIELD = 4_096;
const FILE = 'file';

export interface Upload {
  fields: Record<string, string>;
  file?: Part;
}

/** Reads uploaded forms, two at a time, as their bodies are held in memory. */
@Injectable()
export class Uploads {
  private readonly atOnce = new Semaphore(2);

  /** @throws GraphError when the form cannot be read, or is larger than any file may be. */
  async read(request: FastifyRequest): Promise<Upload> {
    const type = request.headers['content-type'];
    if (!/^multipart\/form-data\b/i.test(type ?? '')) throw graphRefusal('The parameter file is required.');
    if (Number(request.headers['content-length'] ?? 0) > LARGEST_FILE + FRAME) throw tooLarge(LARGEST_FILE);
    const parts = await this.atOnce.pass(async () => readForm(type, await bodyOf(request)));
    if (!parts) throw graphRefusal('The multipart body cannot be read.');
    const file = parts.find(({ name }) => name === FILE);
    const fields = parts.filter((part) => part.name !== FILE && part.bytes.length <= LONGEST_FIELD);
    return {
      fields: Object.fromEntries(fields.map(({ name, bytes }) => [name, bytes.toString('utf8')])),
      ...(file && { file }),
    };
  }
}

async function bodyOf(request: FastifyRequest): Promise<Buffer> {
  try {
    return await readBounded(request.raw, LARGEST_FILE + FRAME);
  } catch (error) {
    if (error instanceof BodyTooLarge) throw tooLarge(LARGEST_FILE);
    throw new GraphError(100, 'The body did not come to its end', { status: 400 });
  }
}
