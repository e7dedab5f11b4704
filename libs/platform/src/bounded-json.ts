/** How much structure a text of JSON may have. */
export interface JsonBounds {
  /** Values in all, of lists and objects, nested ones included. */
  values: number;
  /** Lists and objects within each other. */
  depth: number;
}

/** The text has more structure than it may; the message names the rule. */
export class JsonOutOfBounds extends Error {}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;

/**
 * Parses JSON that a stranger sent. What it costs to make and to walk is bounded before it is made: a megabyte of
 * brackets or commas is a million values, and a megabyte of text is one.
 * @throws JsonOutOfBounds; SyntaxError when it is no JSON.
 */
export function parseBoundedJson(bytes: Buffer, bounds: JsonBounds): unknown {
  measure(bytes, bounds);
  return JSON.parse(bytes.toString('utf8'));
}

/** Every value but the first follows an opening bracket or a comma, so these are counted: at least as many as there are values. */
function measure(bytes: Buffer, { values, depth }: JsonBounds): void {
  let count = 1;
  let nested = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === QUOTE) {
      at = endOfText(bytes, at);
    } else if (byte === COMMA) {
      count += 1;
    } else if (byte === 0x5b || byte === 0x7b) {
      count += 1;
      nested += 1;
      if (nested > depth) throw new JsonOutOfBounds(`the body may be nested ${depth} deep at most`);
    } else if (byte === 0x5d || byte === 0x7d) {
      nested -= 1;
    }
    if (count > values) throw new JsonOutOfBounds(`the body may hold ${values} values at most`);
  }
}

/** Where the text that begins at `start` ends; at the end of the bytes when it does not. */
function endOfText(bytes: Buffer, start: number): number {
  for (let at = start + 1; at < bytes.length; at++) {
    if (bytes[at] === BACKSLASH) at += 1;
    else if (bytes[at] === QUOTE) return at;
  }
  return bytes.length;
}
