import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { Failure } from './failure.js';
import { readSecretFile } from './settings.js';
import { echo, shown } from './terminal.js';

/** Somebody sits at the terminal who can be asked. */
export function isAttended(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}

/** Asks for a line; `hidden`: what is typed is not shown. */
export async function ask(question: string, hidden = false): Promise<string> {
  let muted = false;
  const output = new Writable({
    write(chunk, _encoding, done) {
      if (!muted) echo(chunk as Buffer);
      done();
    },
  });
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  try {
    const answer = lines.question(`${shown(question)}: `);
    muted = hidden;
    return (await answer).trim();
  } finally {
    lines.close();
    if (hidden) echo('\n');
  }
}

/** Where one secret may come from. */
export interface SecretSource {
  /** For people. */
  what: string;
  /** Names a file: the value of a flag. */
  file?: string;
  flag: string;
  variable: string;
}

/** From a file, the environment or a prompt; never from the command line. @throws Failure when there is none. */
export async function readSecret({ what, file, flag, variable }: SecretSource): Promise<string> {
  if (file !== undefined) return readSecretFile(file);
  const given = process.env[variable]?.trim();
  if (given) return given;
  if (!isAttended()) {
    throw new Failure(`${what} is missing: set ${variable}, or name a file with ${flag}`, 2);
  }
  const typed = await ask(what, true);
  if (typed === '') throw new Failure(`${what} is missing`, 2);
  return typed;
}

/** A value that was given, or asked for. @throws Failure when nobody can be asked. */
export async function need(given: string | undefined, what: string, flag: string): Promise<string> {
  if (given !== undefined && given !== '') return given;
  if (!isAttended()) throw new Failure(`${what} is missing: give it with ${flag}`, 2);
  const typed = await ask(what);
  if (typed === '') throw new Failure(`${what} is missing`, 2);
  return typed;
}
