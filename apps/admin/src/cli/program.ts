import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { auditCommands } from './audit.js';
import { choiceCommands } from './choices.js';
import { connectCommand } from './connect.js';
import { connectionCommands } from './connections.js';
import { Failure } from './failure.js';
import { keyCommands } from './keys.js';
import { lookCommands } from './look.js';
import { merchantCommands } from './merchants.js';
import { onboardCommand } from './onboard.js';
import { peopleCommands } from './people.js';
import { repairCommands } from './repair.js';
import { templateCommands } from './templates.js';
import { COMMANDER_OUTPUT, note } from './terminal.js';
import { vendorCommands } from './vendors.js';

// As libs/platform/src/build-info.ts reads it; importing that library would load all of Nest for a command line.
const { version } = createRequire(import.meta.url)('#package') as { version: string };

const HELP = `
The API's address and key come from --url and --key-file, else from WACO_API_URL and WACO_API_KEY, else from the
local stack's secrets. Secrets never stand on the command line: they are read from files, the environment or a prompt.

Exit codes: 0 done, 1 the API said no or something is missing, 2 called wrongly, 3 the API cannot be reached.`;

/** All commands of the client. */
export function programOf(): Command {
  const program = new Command('waco')
    .description(`Waco ${version}: the admin API from a terminal`)
    .version(version, '-V, --version', 'print the version')
    .option('--url <url>', 'address of the admin API')
    .option('--key-file <path>', 'file that holds the API key')
    .option('-m, --merchant <merchant>', 'id or slug of the merchant (else WACO_MERCHANT)')
    .option('--json', 'answers as JSON')
    .addHelpText('after', HELP)
    .showHelpAfterError('(waco --help says more)');
  merchantCommands(program);
  onboardCommand(program);
  connectCommand(program);
  templateCommands(program);
  vendorCommands(program);
  connectionCommands(program);
  choiceCommands(program);
  keyCommands(program);
  lookCommands(program);
  repairCommands(program);
  peopleCommands(program);
  auditCommands(program);
  return program;
}

/** Commands throw instead of ending the process, so that there is one place that says how it ended. */
function throwing(command: Command): Command {
  command.exitOverride().configureOutput(COMMANDER_OUTPUT);
  for (const inner of command.commands) throwing(inner);
  return command;
}

/** Runs one command line. Returns nothing: the exit code is the process's. */
export async function run(argv: readonly string[]): Promise<void> {
  try {
    await throwing(programOf()).parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    if (error instanceof Failure) {
      note(`waco: ${error.message}`, ...error.more);
      process.exitCode = error.exitCode;
      return;
    }
    const { stack, message } = error instanceof Error ? error : new Error(String(error));
    if (error instanceof TypeError)
      note(`waco: this is no answer of this version of the admin API (${message})`);
    // A bug, perhaps over an answer that nobody thought of: its stack may hold a piece of it.
    else note(...(stack ?? message).split('\n'));
    process.exitCode = 1;
  }
}
