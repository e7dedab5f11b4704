import { Problem } from './settings.mjs';

const tty = process.stdout.isTTY;
/** Without a terminal to redraw, a long step says this often that it still runs. */
const HEARTBEAT_MS = 15_000;

// Whoever reads the output may leave (`npm start | head`): the stack goes on.
process.stdout.on('error', () => undefined);

export function say(text = '') {
  process.stdout.write(`${text}\n`);
}

/** Runs `work` under a line that shows how many seconds it has taken. */
export async function step(label, work, { quiet = false } = {}) {
  if (quiet) return work();
  const startedAt = Date.now();
  const seconds = () => `${Math.round((Date.now() - startedAt) / 1_000)} s`;
  const draw = () => process.stdout.write(`\r\x1b[K  … ${label} ${seconds()}`);
  if (tty) draw();
  const timer = setInterval(tty ? draw : () => say(`  … ${label} ${seconds()}`), tty ? 1_000 : HEARTBEAT_MS);
  const finish = (mark) => {
    clearInterval(timer);
    process.stdout.write(`${tty ? '\r\x1b[K' : ''}  ${mark} ${label} (${seconds()})\n`);
  };
  try {
    const result = await work();
    finish('✓');
    return result;
  } catch (error) {
    finish('✗');
    throw error;
  }
}

/** Runs a command: a Problem is one line on stderr, anything else is a bug and keeps its stack. */
export function runCommand(main) {
  main().catch((error) => {
    process.stderr.write(`${error instanceof Problem ? error.message : (error?.stack ?? error)}\n`);
    process.exit(1);
  });
}
