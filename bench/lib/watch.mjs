import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Nothing that one sends may keep all others waiting for longer, in milliseconds. */
export const HELD_MS = 200;

/** Notes what happens to the services while something is sent. */
export class Watch {
  inputs = 0;
  /** By status, how many. */
  answers = {};
  problems = [];
  #from = Date.now();
  #steps = [];
  #read = 0;
  #now = '';

  constructor(folder, { stack }) {
    this.file = join(folder, 'steps.jsonl');
    if (!existsSync(this.file)) writeFileSync(this.file, '');
    for (const service of Object.values(stack.processes)) {
      service.onDeath = () => {
        this.problem(`${service.name} died`);
        service.start();
      };
    }
  }

  /** What was before is a start, and no input. */
  begin() {
    this.#take();
    this.#from = Date.now();
    this.#steps = [];
  }

  async during(what, act) {
    this.inputs += 1;
    this.#now = what;
    try {
      await act();
    } catch (error) {
      this.problem(error.message);
    }
    await sleep(15); // a step is written down when it is over
    this.#take();
  }

  problem(text) {
    if (this.problems.length < 20) this.problems.push(`${text}: ${this.#now}`);
  }

  answered({ status }) {
    this.answers[status] = (this.answers[status] ?? 0) + 1;
    if (status === 0 || status >= 500) this.problem(`it was answered ${status}`);
  }

  longestOf(since) {
    return Math.round(Math.max(0, ...this.#steps.filter((s) => s.input > since).map((s) => s.ms)));
  }

  /** The ten longest steps. */
  longest() {
    const steps = this.#steps.toSorted((a, b) => b.ms - a.ms).slice(0, 10);
    return steps.map(({ service, ms, what }) => ({ service, ms: Math.round(ms), what: what.slice(0, 600) }));
  }

  figures() {
    const services = new Set(this.#steps.map((step) => step.service));
    const longest = (steps) => Math.round(Math.max(0, ...steps.map((step) => step.ms)));
    return {
      ...{ inputs: this.inputs, 'longest step, ms': longest(this.#steps) },
      ...Object.fromEntries(
        [...services].map((name) => [
          `longest step of ${name}, ms`,
          longest(this.#steps.filter(({ service }) => service === name)),
        ]),
      ),
    };
  }

  #take() {
    const text = readFileSync(this.file, 'utf8');
    const lines = text.slice(this.#read, text.lastIndexOf('\n') + 1);
    this.#read += lines.length;
    for (const line of lines.split('\n').filter(Boolean)) {
      const step = JSON.parse(line);
      if (step.at < this.#from || step.service === 'sandbox') continue;
      this.#steps.push({ ...step, input: this.inputs, what: this.#now });
      if (step.ms > HELD_MS) this.problem(`${step.service} was held for ${Math.round(step.ms)} ms`);
    }
  }
}
