import type { Command } from 'commander';
import { need, readSecret } from './ask.js';
import type { Json } from './client.js';
import { contextOf } from './context.js';
import { paged, type Paging } from './paging.js';
import { sayPage, sayRecord, type Column } from './print.js';
import { readJsonFile } from './settings.js';

/** What each connection's secrets are called: at the API, in the environment, as a flag. */
export const SECRETS = {
  whatsapp: { accessToken: 'WACO_WHATSAPP_ACCESS_TOKEN' },
  store: { apiKey: 'WACO_STORE_API_KEY', webhookSecret: 'WACO_STORE_WEBHOOK_SECRET' },
  stripe: { secretKey: 'WACO_STRIPE_SECRET_KEY', webhookSecret: 'WACO_STRIPE_WEBHOOK_SECRET' },
} as const;
export type Connected = keyof typeof SECRETS;

export const PATHS: Record<Connected, string> = {
  whatsapp: 'channel-accounts/whatsapp',
  store: 'store',
  stripe: 'payment-providers/stripe',
};

/** The secrets of a connection, from files, the environment or prompts. @throws Failure */
export async function readSecrets(what: Connected, files: Json): Promise<Json> {
  const secrets: Json = {};
  for (const [field, variable] of Object.entries(SECRETS[what])) {
    const flag = flagOf(field);
    secrets[field] = await readSecret({
      what: `${what} ${field}`,
      file: files[`${field}File`] as string | undefined,
      flag,
      variable,
    });
  }
  return secrets;
}

function flagOf(field: string): string {
  return `--${field.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}-file`;
}

export function connectCommands(program: Command): void {
  const connect = program
    .command('connect')
    .description('what a merchant sells with; secrets come from files, the environment or a prompt');

  withSecrets(connect.command('whatsapp'), 'whatsapp')
    .description('the WhatsApp number')
    .option('--business-account-id <id>')
    .option('--phone-number-id <id>')
    .option('--display-phone-number <number>')
    .option('--catalog-id <id>', 'for native carts')
    .option('--messages-per-second <n>', 'its throughput', Number)
    .action(async (given: Json, command: Command) => {
      const { client, json, merchantPath } = contextOf(command);
      const { catalogId, messagesPerSecond } = given;
      const body = {
        businessAccountId: await need(
          given.businessAccountId as string,
          'business account id',
          '--business-account-id',
        ),
        phoneNumberId: await need(given.phoneNumberId as string, 'phone number id', '--phone-number-id'),
        displayPhoneNumber: await need(
          given.displayPhoneNumber as string,
          'phone number',
          '--display-phone-number',
        ),
        ...(catalogId === undefined ? {} : { catalogId: catalogId as string }),
        ...(messagesPerSecond === undefined ? {} : { messagesPerSecond: messagesPerSecond as number }),
        ...(await readSecrets('whatsapp', given)),
      };
      sayRecord(await client.put(`${await merchantPath()}/${PATHS.whatsapp}`, body), json);
    });

  withSecrets(connect.command('store'), 'store')
    .description('the shop; starts a full catalog sync')
    .option('--base-url <url>', 'where the shop answers the store contract')
    .option('--region <code>', 'where goods are sold to, e.g. AE')
    .action(async (given: Json, command: Command) => {
      const { client, json, merchantPath } = contextOf(command);
      const body = {
        baseUrl: await need(given.baseUrl as string, 'address of the shop', '--base-url'),
        region: await need(given.region as string, 'region', '--region'),
        ...(await readSecrets('store', given)),
      };
      sayRecord(await client.put(`${await merchantPath()}/${PATHS.store}`, body), json);
    });

  withSecrets(connect.command('stripe'), 'stripe')
    .description('a Stripe account')
    .option('--account <key>', "the merchant's key for it, e.g. stripe-sa", 'stripe')
    .action(async ({ account, ...given }: Json, command: Command) => {
      const { client, json, merchantPath } = contextOf(command);
      const body = await readSecrets('stripe', given);
      const path = `payment-providers/${encodeURIComponent(account as string)}`;
      sayRecord(await client.put(`${await merchantPath()}/${path}`, body), json);
    });

  templateCommands(program);
}

function withSecrets(command: Command, what: Connected): Command {
  for (const [field, variable] of Object.entries(SECRETS[what])) {
    command.option(`${flagOf(field)} <path>`, `file that holds it; else ${variable}, else a prompt`);
  }
  return command;
}

const TEMPLATE_COLUMNS: readonly Column[] = [
  ['purpose', (t) => t.purpose],
  ['name', (t) => t.name],
  ['language', (t) => t.language],
  ['category', (t) => t.category],
  ['parameters', (t) => (t.parameters as string[]).join(', ')],
];

function templateCommands(program: Command): void {
  const template = program.command('template').description('message templates');

  paged(template.command('list').description("the merchant's templates")).action(
    async (options: Paging, command: Command) => {
      const { client, json, merchantPath } = contextOf(command);
      const query = { limit: options.limit, cursor: options.cursor };
      const page = await client.list(`${await merchantPath()}/templates`, query, options.all);
      sayPage(page, TEMPLATE_COLUMNS, json);
    },
  );

  template
    .command('put')
    .argument('<purpose>', 'e.g. order_shipped')
    .description('the template for a purpose; handed in at Meta when it is not there')
    .option('--file <path>', 'JSON with name, language, category, body, parameters; - is the standard input')
    .option('--name <name>', "the template's name at Meta")
    .option('--language <code>')
    .option('--category <category>', 'utility, marketing or authentication')
    .option('--body <text>', 'with {{1}}, {{2}}, …')
    .option('--parameters <names>', 'what fills them, in order, separated by commas')
    .action(async (purpose: string, given: Json, command: Command) => {
      const { client, json, merchantPath } = contextOf(command);
      const { file, parameters, ...flags } = given;
      const body = {
        ...(file ? readJsonFile(file as string) : {}),
        ...Object.fromEntries(
          ['name', 'language', 'category', 'body'].flatMap((f) =>
            flags[f] ? [[f, flags[f] as string]] : [],
          ),
        ),
        ...(parameters ? { parameters: (parameters as string).split(',').map((p) => p.trim()) } : {}),
      };
      sayRecord(await client.put(`${await merchantPath()}/templates/${purpose}`, body), json);
    });
}
