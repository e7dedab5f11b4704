import { replaceHidden } from '../hidden-characters.js';

/*
 * The one place that writes to the terminal. Names, reasons and errors come from customers, merchants and vendors: a
 * character that moves the cursor, turns the direction of a line or is not seen would let them forge what an operator
 * reads. A line stays one line, whatever stands in it.
 */

/** The answer: each argument is a line. */
export function say(...lines: string[]): void {
  process.stdout.write(`${lines.map(shown).join('\n')}\n`);
}

/** What is not the answer itself: progress, hints, failures. It stays out of pipes. */
export function note(...lines: string[]): void {
  process.stderr.write(`${lines.map(shown).join('\n')}\n`);
}

export function sayJson(value: unknown): void {
  process.stdout.write(jsonText(value));
}

/** The same value in JSON that shows all of its characters: what is hidden is written as `\uXXXX`. */
export function jsonText(value: unknown): string {
  const lines = JSON.stringify(value, null, 2).split('\n');
  return `${lines.map((line) => replaceHidden(line, escaped)).join('\n')}\n`;
}

/** A text as it is shown: U+FFFD stands for what is hidden. */
export function shown(text: string): string {
  return replaceHidden(text, () => '\uFFFD');
}

/** What commander writes: help, and what is wrong with a command line, which it repeats. */
export const COMMANDER_OUTPUT = {
  writeOut: (text: string): void => say(...linesOf(text)),
  writeErr: (text: string): void => note(...linesOf(text)),
};

/** What the person at the terminal types, and the cursor that readline moves for it. */
export function echo(chunk: Buffer | string): void {
  process.stderr.write(chunk);
}

function linesOf(text: string): string[] {
  return text.replace(/\n$/, '').split('\n');
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, i) => {
    return `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  }).join('');
}
