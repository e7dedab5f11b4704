import type { Command } from 'commander';
import { need } from './ask.js';
import type { Client, Json, Schemas } from './client.js';
import { contextOf } from './context.js';
import { Failure } from './failure.js';
import { sayRecord } from './print.js';
import {
  dashed,
  readSecrets,
  vendorNamed,
  type Asked,
  type Connectable,
  type Connected,
} from './vendor-fields.js';

const MORE = `
Its other options are the fields that waco vendors list names: --business-account-id, for example. A secret comes from a file
(--access-token-file), from the environment (WACO_<KIND>_ACCESS_TOKEN; of a shop WACO_STORE_API_KEY) or from a prompt.
All of a connection is given: what is not named is as it was at first. Besides, where it has them: --enabled true|false,
--messages-per-second, --catalog-id, --max-age-seconds, and --overlap-hours, for which a webhook secret that is replaced stays
good (0: one that got out).

What is stored is called at once: exit code 1 says that the call failed. A channel with the capability subscribe is told to bring
its webhooks here.`;

export function connectCommand(program: Command): void {
  program
    .command('connect')
    .argument('<what>', 'store, or the kind of a channel or payment provider: waco vendors list')
    .option('--account <key>', "of a payment provider: the merchant's key for the account (else its kind)")
    .description(
      'what a merchant sells with, or with other settings, and a first call with it; a shop is synced in full',
    )
    .addHelpText('after', MORE)
    .allowUnknownOption()
    .allowExcessArguments()
    .action(async (what: string, { account }: { account?: string }, command: Command) => {
      const { client, json, merchantId } = contextOf(command);
      const vendor = await vendorNamed(client, what);
      if (account !== undefined && vendor.port !== 'payment') {
        throw new Failure('--account is of payment providers only', 2);
      }
      if (account === '') throw new Failure('--account needs a key', 2);
      const given = optionsIn(command.args.slice(1), vendor);
      const id = await merchantId();
      const connected = await connect(client, id, vendor, given, account);
      const tried = await tryConnection(client, id, vendor, connected);
      sayRecord({ ...connected, ...(json ? tried : wordsOf(tried)) }, json);
      if (!tried.test.ok) process.exitCode = 1;
    });
}

/** Connects it. What is not given and not optional is asked for. @throws Failure when nobody can be asked. */
export async function connect(
  client: Client,
  merchantId: string,
  vendor: Connectable,
  given: Json,
  account?: string,
): Promise<Connected> {
  const files = vendor.secrets.map(({ name }) => `${name}File`);
  // What nobody asks for is given as it is: the API says what it takes.
  const rest = Object.entries(given).filter(([name]) => !files.includes(name));
  const body: Json = { ...(vendor.port === 'store' && { kind: vendor.kind }), ...Object.fromEntries(rest) };
  for (const asked of vendor.asked) {
    const value = given[asked.name] ?? (asked.optional ? undefined : await needed(asked));
    if (value !== undefined) body[asked.name] = asked.read?.(value) ?? value;
  }
  Object.assign(body, await readSecrets(vendor, given));
  return vendor.put(client, merchantId, body, account);
}

/** What came of the first calls with a connection that is stored. */
export interface Tried {
  test: Schemas['ConnectionTestView'];
  /** Of a channel that was told to bring webhooks here. */
  webhooks?: Schemas['SubscriptionView'];
}

/** Calls what was just stored, and has a channel that can be asked bring its webhooks here. @throws Failure of the API */
export async function tryConnection(
  client: Client,
  merchantId: string,
  vendor: Connectable,
  connected: Connected,
): Promise<Tried> {
  const test = await vendor.test(client, merchantId, connected);
  const isSwitchedOff = 'enabled' in connected && !connected.enabled;
  if (!test.ok || !vendor.subscribes || isSwitchedOff) return { test };
  try {
    const path = { merchantId, accountId: connected.id };
    return {
      test,
      webhooks: await client.post('/v1/merchants/{merchantId}/channel-accounts/{accountId}/subscribe', {
        path,
      }),
    };
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode !== 1) throw error;
    return { test, webhooks: { subscribed: 'no', why: error.message } };
  }
}

/** For people. */
export function wordsOf({ test, webhooks }: Tried): { test: string; webhooks?: string } {
  return {
    test: test.ok ? 'went well' : `stored, but a call with it failed: ${String(test.why)}`,
    ...(webhooks && {
      webhooks:
        webhooks.subscribed === 'yes'
          ? 'are brought here'
          : `${webhooks.subscribed}: ${String(webhooks.why)}`,
    }),
  };
}

function needed({ name, label }: Asked): Promise<string> {
  return need(undefined, label, `--${dashed(name)}`);
}

/** `--name value` for each field, `--name-file path` for each secret. @throws Failure for anything else; it repeats no value. */
function optionsIn(words: readonly string[], { kind, asked, secrets }: Connectable): Json {
  const given: Json = {};
  for (let at = 0; at < words.length; at++) {
    const [flag = '', inline] = words[at]!.split(/=(.*)/s);
    if (!flag.startsWith('--')) throw new Failure('what follows the kind are options: --name value', 2);
    const name = nameOf(flag);
    if (secrets.some((secret) => secret.name === name)) {
      throw new Failure(`${flag}: secrets never stand on the command line, name a file with ${flag}-file`, 2);
    }
    const isKnown =
      asked.some((field) => field.name === name) || secrets.some((secret) => `${secret.name}File` === name);
    if (!isKnown) throw new Failure(`${kind} has no option ${flag}: see waco vendors list`, 2);
    const value = inline ?? words[++at];
    if (value === undefined) throw new Failure(`${flag} needs a value`, 2);
    given[name] = value;
  }
  return given;
}

function nameOf(flag: string): string {
  return flag.replace(/^--/, '').replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
