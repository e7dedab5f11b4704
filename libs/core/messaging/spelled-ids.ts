import { isCardNumberId } from './card-numbers.js';

const MARK = '~';
const SPELLED = /^~(?:[a-p]{2})+$/;

/**
 * A shop's name for its goods as it is kept here: one that looks like a card number is spelled in letters, two for each
 * byte, so that no card number is stored, and the name still leads to what it names. Any other stays as it is.
 */
export function spelledId(id: string): string {
  if (!isCardNumberId(id)) return id;
  const hex = Buffer.from(id).toString('hex');
  return MARK + hex.replace(/./g, (nibble) => String.fromCharCode(97 + parseInt(nibble, 16)));
}

/** The name as the shop and the channel know it. */
export function unspelledId(kept: string): string {
  if (!SPELLED.test(kept)) return kept;
  const hex = kept.slice(1).replace(/./g, (letter) => (letter.charCodeAt(0) - 97).toString(16));
  const id = Buffer.from(hex, 'hex').toString();
  return isCardNumberId(id) ? id : kept;
}
