import { readFileSync } from 'node:fs';

/** Loaded before a program that knows nothing of Waco: its clock is then the stack's, which tests move through time. */
const { WACO_CLOCK_FILE: file } = process.env;
const realNow = Date.now;

function now() {
  try {
    return realNow() + JSON.parse(readFileSync(file, 'utf8')).offsetMs;
  } catch {
    return realNow(); // no file yet
  }
}

globalThis.Date = new Proxy(Date, {
  construct: (target, given, newTarget) =>
    Reflect.construct(target, given.length > 0 ? given : [now()], newTarget),
  get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
});
