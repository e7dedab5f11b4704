/**
 * A stored payload is as large as its sender made it. These bounds, in bytes, keep small how much of them one request
 * reads and shows.
 */
const LARGEST_PAGE = 2_097_152;
/** A larger payload is never read here, also not by a replay. */
export const LARGEST_READ = 262_144;

/** How large each payload of a page may be; a larger one shows its size instead. A page of few allows more for each. */
export function bytesEach(limit: number): number {
  return Math.min(LARGEST_READ, Math.floor(LARGEST_PAGE / limit));
}

/** SQL that is true of a payload up to this size (a number, or a place of one). Its stored size is known at once. */
export function isUpTo(bytes: number | `$${number}`): string {
  return `(pg_column_size(payload) <= ${bytes} AND octet_length(payload::text) <= ${bytes})`;
}

/** SQL of a payload up to this size; of a larger one, of its size. */
export function payloadUpTo(bytes: number | `$${number}`): string {
  return `CASE WHEN ${isUpTo(bytes)} THEN payload
    ELSE json_build_object('tooLarge', octet_length(payload::text)) END`;
}

/** SQL of the payload if it is not too large to be read, else of null. */
export const READ_PAYLOAD = `CASE WHEN ${isUpTo(LARGEST_READ)} THEN payload END`;
