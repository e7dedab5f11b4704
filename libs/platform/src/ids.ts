import { v7 } from 'uuid';

/** A time-ordered id such as `ord_019a…` (prefix, underscore, 32 hex digits of a UUIDv7). Never all digits. */
export function newId(prefix: string): string {
  return `${prefix}_${v7().replaceAll('-', '')}`;
}
