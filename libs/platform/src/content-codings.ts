import { promisify } from 'node:util';
import { brotliDecompress, constants, gunzip, inflate, inflateRaw } from 'node:zlib';
import { AnswerTooLarge, type GuardedAnswer } from './guarded-answer.js';

/** The request header that asks for what {@link unpacked} can read. */
export const ACCEPT_ENCODING = 'br, gzip, deflate';

const MOST_CODINGS = 5;

type Unpack = (bytes: Buffer, maxOutputLength: number) => Promise<Buffer>;

// A body that was cut short is read as far as it goes, as browsers do.
const finishFlush = constants.Z_SYNC_FLUSH;
const unzip: Unpack = (bytes, maxOutputLength) => promisify(gunzip)(bytes, { finishFlush, maxOutputLength });
/** Some servers leave out the zlib header. Its first byte ends with the digit 8. */
const inflateAny: Unpack = (bytes, maxOutputLength) =>
  promisify((bytes[0]! & 0x0f) === 8 ? inflate : inflateRaw)(bytes, { finishFlush, maxOutputLength });
const unbrotli: Unpack = (bytes, maxOutputLength) =>
  promisify(brotliDecompress)(bytes, { finishFlush: constants.BROTLI_OPERATION_FLUSH, maxOutputLength });

const UNPACK = new Map<string, Unpack>([
  ['gzip', unzip],
  ['x-gzip', unzip],
  ['deflate', inflateAny],
  ['br', unbrotli],
]);

/** The answer with its body decompressed. A body in a coding that nobody asked for stays as it is. */
export async function unpacked(answer: GuardedAnswer, maxBytes: number): Promise<GuardedAnswer> {
  const codings = answer.headers['content-encoding'];
  if (!codings || answer.body.length === 0) return answer;
  const names = String(codings)
    .toLowerCase()
    .split(/\s*,\s*/);
  if (names.length > MOST_CODINGS) throw new Error(`answer must be packed at most ${MOST_CODINGS} times`);
  if (!names.every((name) => UNPACK.has(name))) return answer;
  let { body } = answer;
  for (const name of names.toReversed()) body = await bounded(UNPACK.get(name)!, body, maxBytes);
  return { ...answer, body };
}

async function bounded(unpack: Unpack, bytes: Buffer, maxBytes: number): Promise<Buffer> {
  try {
    return await unpack(bytes, maxBytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw new AnswerTooLarge(maxBytes);
    throw error;
  }
}
