import './node-version.mjs';
import { say, step, runCommand } from './console.mjs';
import { isOpen } from './environment.mjs';
import { prepare } from './prepare.mjs';
import { holder } from './run-file.mjs';
import { Problem, readSettings } from './settings.mjs';
import { startStack } from './stack.mjs';

/** `npm start`: installs, builds, starts everything, says where to click, stops on Ctrl-C. */
runCommand(async () => {
  const { dataDir, portBase, host, databaseUrl, queueUrl } = readSettings();
  const other = holder(dataDir);
  if (other) {
    throw new Problem(
      `Waco already runs on ${dataDir} (process ${other.pid}, phone at http://localhost:${other.portBase + 100}/phone/). Stop that one first.`,
    );
  }
  const startedAt = Date.now();
  say('\nStarting Waco');
  const ending = whenAskedToStop();
  await prepare();
  const stack = await startStack({
    dataDir,
    portBase,
    host,
    databaseUrl,
    queueUrl,
    revive: true,
    signal: ending.signal,
    onDeath: (_name, text) => ending.because(text),
  });
  if (!ending.signal.aborted)
    say(welcome(stack, { dataDir, host, seconds: Math.round((Date.now() - startedAt) / 1_000) }));
  const failure = await ending.reason;
  if (failure) process.stderr.write(`\n${failure}\n`);
  say('');
  await step('Stopping', () => stack.stop());
  process.exit(failure ? 1 : 0);
});

/** The first Ctrl-C (SIGTERM, SIGHUP, npm gone) asks for a clean stop; a second one ends everything at once. */
function whenAskedToStop() {
  const controller = new AbortController();
  let settle;
  const reason = new Promise((resolve) => (settle = resolve));
  const ask = (why) => {
    settle(why);
    controller.abort();
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    // The leash of the services, and PostgreSQL's recovery, make an abrupt end safe.
    process.on(name, () => (controller.signal.aborted ? process.exit(130) : ask()));
  }
  if (process.env.npm_lifecycle_event) {
    const parent = process.ppid;
    setInterval(() => process.ppid !== parent && !controller.signal.aborted && ask(), 1_000).unref();
  }
  return { signal: controller.signal, reason, because: ask };
}

function welcome({ urls, merchant }, { dataDir, host, seconds }) {
  const lines = [
    `Waco is ready (${seconds} s). Write "hi" on the phone:`,
    '',
    `  Phone             ${urls.phone}`,
    `  Shop back office  ${urls.shop}    (${merchant.name})`,
    `  Queue dashboards  ${urls.queues}`,
    `  Admin API         ${urls.docs}`,
    `  Operator key      operatorKey in ${dataDir}/secrets.json (for both of these)`,
    `  Logs              ${dataDir}/logs`,
    '',
    isOpen(host)
      ? 'Everybody on your network reaches it, the sandbox and its control included: WACO_HOST is set.'
      : 'Only this machine reaches it. For a phone on another one: WACO_HOST=0.0.0.0 npm start',
    'Stop with Ctrl-C. Everything is kept for the next start; npm run reset clears it.',
  ];
  const width = Math.max(...lines.map((line) => line.length));
  const rule = '─'.repeat(width + 2);
  return ['', `┌${rule}┐`, ...lines.map((line) => `│ ${line.padEnd(width)} │`), `└${rule}┘`].join('\n');
}
