import { createHmac, timingSafeEqual } from 'node:crypto';

/** How far a signature's time may be from now, either way, in seconds. */
const TOLERANCE_SECONDS = 300;
/** Signatures in one header: a sender has a few secrets while it changes one. */
const MOST_SIGNATURES = 10;

/** Unix seconds without leading zeros: everybody reads the same number, from the same characters. */
const TIME = /^t=([1-9]\d{0,10})$/;
const SIGNATURE = /^v1=([0-9a-f]{64})$/;
/** A scheme other than `v1`, such as a `v0` of test events: allowed to stand there, never looked at. */
const OTHER_SCHEME = /^v(?!1=)(0|[1-9]\d?)=[\w+/=-]{1,256}$/;

export type TimedVerdict = 'verified' | 'bad_signature' | 'too_old';

/**
 * Verifies a header `t=<unix seconds>,v1=<hex>` against the raw bytes of a body: `v1` is the HMAC-SHA256 of the
 * characters of `t`, a full stop and the body, under one of `secrets`. One of several `v1` must match.
 *
 * The header has one form: `t` first and once, then the signatures, nothing between or around them. Whatever else two
 * readers could take differently is `bad_signature`, even with a right signature in it. `too_old` is only said of a
 * right signature, and also when it was made too far ahead of `now`.
 */
export function verifyTimedSignature(
  rawBody: Buffer,
  header: string,
  secrets: readonly string[],
  now: Date,
  { otherSchemes = false } = {},
): TimedVerdict {
  const read = readHeader(header, otherSchemes);
  if (!read) return 'bad_signature';
  const expected = secrets
    .filter((secret) => secret.trim() !== '') // an unset secret must not be one that anybody can sign with
    .map((secret) => createHmac('sha256', secret).update(`${read.time}.`).update(rawBody).digest());
  // Every pair is compared, so that the time taken does not tell which one came close.
  let matches = 0;
  for (const mac of expected) {
    for (const given of read.signatures) matches += timingSafeEqual(mac, given) ? 1 : 0;
  }
  if (matches === 0) return 'bad_signature';
  const distance = Math.abs(now.getTime() / 1_000 - Number(read.time));
  return distance > TOLERANCE_SECONDS ? 'too_old' : 'verified';
}

function readHeader(
  header: string,
  otherSchemes: boolean,
): { time: string; signatures: Buffer[] } | undefined {
  const [first = '', ...rest] = header.split(',', MOST_SIGNATURES + 2);
  const time = TIME.exec(first)?.[1];
  if (time === undefined || rest.length > MOST_SIGNATURES) return undefined;
  const signatures: Buffer[] = [];
  for (const part of rest) {
    const hex = SIGNATURE.exec(part)?.[1];
    if (hex !== undefined) signatures.push(Buffer.from(hex, 'hex'));
    else if (!otherSchemes || !OTHER_SCHEME.test(part)) return undefined;
  }
  return { time, signatures };
}
