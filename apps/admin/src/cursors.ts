/** Where a page of a list ended, as an opaque text. */
export function toCursor(last: string): string {
  return Buffer.from(last).toString('base64url');
}

export function fromCursor(cursor: string | undefined): string | undefined {
  return cursor && Buffer.from(cursor, 'base64url').toString('utf8');
}
