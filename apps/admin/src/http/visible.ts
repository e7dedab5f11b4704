import { ValidateBy } from 'class-validator';
import { hiddenIn } from '../hidden-characters.js';

/** Marks of direction: an Arabic text sets its numbers right with them, and they turn nothing but their neighbours. */
const MARKS = ['\u200E', '\u200F', '\u061C'];

/** No text for people may be longer, in UTF-16 code units; a longer one is refused without being looked through. */
const LONGEST = 4_096;

/**
 * A text for people, in one line: something to be seen, and nothing that is not (control characters, changes of
 * direction, invisible characters). PostgreSQL stores no U+0000, and terminals, lists and logs show what is stored.
 */
export function Visible(): PropertyDecorator {
  return rule((text) => hiddenIn(text).length === 0);
}

/** The same in several lines, with marks of direction. */
export function VisibleLines(): PropertyDecorator {
  return rule((text) => hiddenIn(text).every((character) => character === '\n' || MARKS.includes(character)));
}

function rule(isClear: (text: string) => boolean): PropertyDecorator {
  const validate = (text: unknown): boolean =>
    typeof text === 'string' && text.length <= LONGEST && /\S/.test(text) && isClear(text);
  const message = '$property must hold something visible, and no control or invisible characters';
  return ValidateBy({ name: 'matches', validator: { validate } }, { message });
}
