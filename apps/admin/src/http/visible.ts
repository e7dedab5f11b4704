import { ValidateBy } from 'class-validator';
import { maskCardNumbers } from '#core/messaging';
import { hiddenIn } from '../hidden-characters.js';

/** Marks of direction: an Arabic text sets its numbers right with them, and they turn nothing but their neighbours. */
const MARKS = ['\u200E', '\u200F', '\u061C'];

/** No text for people may be longer, in UTF-16 code units; a longer one is refused without being looked through. */
const LONGEST = 4_096;

/**
 * A text for people, in one line: something to be seen, and nothing that is not (control characters, changes of
 * direction, invisible characters). PostgreSQL stores no U+0000, and terminals, lists and logs show what is stored.
 * No payment card number either, unless it is only searched for.
 */
export function Visible({ search = false } = {}): PropertyDecorator {
  return rule((text) => hiddenIn(text).length === 0, search);
}

/** The same in several lines, with marks of direction. */
export function VisibleLines(): PropertyDecorator {
  return rule((text) => hiddenIn(text).every((character) => character === '\n' || MARKS.includes(character)));
}

function rule(isClear: (text: string) => boolean, search = false): PropertyDecorator {
  const isSeen = (text: unknown): text is string =>
    typeof text === 'string' && text.length <= LONGEST && /\S/.test(text) && isClear(text);
  const validate = (text: unknown): boolean => isSeen(text) && (search || !maskCardNumbers(text).found);
  const defaultMessage = ({ value }: { value: unknown } = { value: undefined }): string =>
    isSeen(value)
      ? '$property must hold no payment card number'
      : '$property must hold something visible, and no control or invisible characters';
  return ValidateBy({ name: 'matches', validator: { validate, defaultMessage } });
}
