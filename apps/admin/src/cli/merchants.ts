import type { Command } from 'commander';
import { need } from './ask.js';
import type { Json } from './client.js';
import { contextOf, findMerchant } from './context.js';
import { paged, type Paging } from './paging.js';
import { sayPage, sayRecord, time, type Column } from './print.js';
import { sayReadiness } from './readiness.js';
import { note, say, sayJson } from './terminal.js';

const COLUMNS: readonly Column[] = [
  ['id', (m) => m.merchantId],
  ['slug', (m) => m.slug],
  ['name', (m) => m.name],
  ['status', (m) => m.status],
  ['country', (m) => m.country],
  ['currency', (m) => m.currency],
  ['since', (m) => time(m.createdAt)],
];

export function merchantCommands(program: Command): void {
  const merchants = program.command('merchants').description('merchants of the platform');

  paged(merchants.command('list').description('all merchants (operators)')).action(
    async (options: Paging, command: Command) => {
      const { client, json } = contextOf(command);
      sayPage(await client.list('/v1/merchants', paging(options), options.all), COLUMNS, json);
    },
  );

  merchants
    .command('create')
    .description('take a merchant on (operators)')
    .option('--slug <slug>', 'short name, unique on the platform')
    .option('--name <name>')
    .option('--country <code>', 'ISO 3166-1 alpha-2, e.g. AE')
    .option('--currency <code>', 'ISO 4217, e.g. AED')
    .option('--language <code>', 'the language it speaks first', 'en')
    .action(async (given: Record<string, string>, command: Command) => {
      const { client, json } = contextOf(command);
      const body = {
        slug: await need(given.slug, 'slug', '--slug'),
        name: await need(given.name, 'name', '--name'),
        country: await need(given.country, 'country', '--country'),
        currency: await need(given.currency, 'currency', '--currency'),
        language: given.language,
      };
      sayRecord(await client.post('/v1/merchants', body), json);
    });

  merchants
    .command('show')
    .argument('[merchant]', 'id or slug')
    .description('one merchant')
    .action(async (merchant: string | undefined, _options: object, command: Command) => {
      const { client, json, merchantPath } = contextOf(command);
      const path = merchant ? `/v1/merchants/${await findMerchant(client, merchant)}` : await merchantPath();
      sayRecord(await client.get(path), json);
    });

  merchants
    .command('export')
    .argument('[merchant]', 'id or slug')
    .requiredOption('-o, --out <file>', 'where to write it: JSON lines, without secrets')
    .description('everything of a merchant')
    .action(async (merchant: string | undefined, { out }: { out: string }, command: Command) => {
      const { client, merchantPath } = contextOf(command);
      const path = merchant ? `/v1/merchants/${await findMerchant(client, merchant)}` : await merchantPath();
      const rows = await client.download(`${path}/export`, out);
      note(`${rows} rows written to ${out}`);
    });

  merchants
    .command('erase')
    .argument('<merchant>', 'id, as its slug is gone in the end')
    .option('--now', 'begin now, not when the closing said; without it, only how far it is')
    .description('remove all that is left of a closed merchant (operators)')
    .action(async (merchant: string, { now }: { now?: boolean }, command: Command) => {
      const { client, json } = contextOf(command);
      const path = `/v1/merchants/${await findMerchant(client, merchant)}`;
      sayRecord(now ? await client.post(`${path}/erase`) : await client.get(`${path}/erasure`), json);
    });

  for (const verb of ['suspend', 'resume', 'close'] as const) lifeCycle(merchants, verb);

  program
    .command('readiness')
    .description('what is missing before a first customer can buy, and how to mend it')
    .action(async (_options: object, command: Command) => {
      const { client, json, merchantPath } = contextOf(command);
      const answer = await client.get(`${await merchantPath()}/readiness`);
      if (json) sayJson(answer);
      else sayReadiness(answer);
      if (!answer.ready) process.exitCode = 1;
    });

  program
    .command('test-message')
    .argument('<number>', 'of a phone at hand, in any usual notation')
    .option('--template <purpose>', 'if the phone has not written to the number for 24 hours')
    .description('send a real message; the readiness says how it went')
    .action(async (to: string, { template }: { template?: string }, command: Command) => {
      const { client, json, merchantPath } = contextOf(command);
      const sent = await client.post(`${await merchantPath()}/test-message`, { to, template });
      if (json) sayJson(sent);
      else say(`sent as ${String(sent.messageId)}; see how it went: waco explain ${String(sent.messageId)}`);
    });
}

const DESCRIPTIONS = {
  suspend: 'keep what customers write unanswered, hold what was to be sent (operators)',
  resume: 'let a suspended merchant go on (operators)',
  close: 'end a merchant for good: keys, accounts and credentials go (operators)',
};

interface LifeCycleOptions {
  reason?: string;
  force?: boolean;
  eraseAfterDays?: string;
}

function lifeCycle(merchants: Command, verb: keyof typeof DESCRIPTIONS): void {
  const command = merchants
    .command(verb)
    .argument('<merchant>', 'id or slug')
    .description(DESCRIPTIONS[verb]);
  if (verb !== 'resume') command.option('--reason <text>', 'why; stands in the audit log');
  if (verb === 'close') {
    command
      .option('--force', 'although orders are open')
      .option('--erase-after-days <days>', 'when all that is left of it is erased (30)');
  }
  command.action(async (merchant: string, given: LifeCycleOptions, self: Command) => {
    const { client, json } = contextOf(self);
    const path = `/v1/merchants/${await findMerchant(client, merchant)}/${verb}`;
    const body: Json = {};
    if (verb !== 'resume') body.reason = await need(given.reason, 'reason', '--reason');
    if (given.force) body.force = true;
    if (given.eraseAfterDays !== undefined) body.eraseAfterDays = Number(given.eraseAfterDays);
    sayRecord(await client.post(path, body), json);
  });
}

function paging({ limit, cursor }: Paging): { limit: string; cursor?: string } {
  return { limit, ...(cursor ? { cursor } : {}) };
}
