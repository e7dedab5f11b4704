import { Matches } from 'class-validator';

/** A text for people: something to be seen, and no control characters (PostgreSQL stores no U+0000). */
export function Visible(): PropertyDecorator {
  return Matches(/^(?=.*\S)\P{Cc}*$/u, {
    message: '$property must hold something visible and no control characters',
  });
}
