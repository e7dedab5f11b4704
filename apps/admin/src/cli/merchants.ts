import type { Command } from 'commander';
import { need } from './ask.js';
import type { Client, Schemas } from './client.js';
import { contextOf, findMerchant } from './context.js';
import { paged, type Paging } from './paging.js';
import { sayPage, sayRecord, time, type Column } from './print.js';
import { sayReadiness } from './readiness.js';
import { note, say, sayJson } from './terminal.js';

const COLUMNS: readonly Column<Schemas['MerchantView']>[] = [
  ['id', (m) => m.merchantId],
  ['slug', (m) => m.slug],
  ['name', (m) => m.name],
  ['status', (m) => m.status],
  ['country', (m) => m.country],
  ['currency', (m) => m.currency],
  ['since', (m) => time(m.createdAt)],
];

/** `create`: what is not given is asked for. */
type Taken = Partial<Schemas['CreateMerchant']> & Pick<Schemas['CreateMerchant'], 'language'>;

export function merchantCommands(program: Command): void {
  const merchants = program.command('merchants').description('merchants of the platform');

  paged(merchants.command('list').description('all merchants (operators)')).action(
    async ({ limit, cursor, all }: Paging, command: Command) => {
      const { client, json } = contextOf(command);
      sayPage(await client.list('/v1/merchants', { query: { limit, cursor } }, all), COLUMNS, json);
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
    .action(async (given: Taken, command: Command) => {
      const { client, json } = contextOf(command);
      const body: Schemas['CreateMerchant'] = {
        slug: await need(given.slug, 'slug', '--slug'),
        name: await need(given.name, 'name', '--name'),
        country: await need(given.country, 'country', '--country'),
        currency: await need(given.currency, 'currency', '--currency'),
        language: given.language,
      };
      sayRecord(await client.post('/v1/merchants', { body }), json);
    });

  merchants
    .command('show')
    .argument('[merchant]', 'id or slug')
    .description('one merchant')
    .action(async (merchant: string | undefined, _options: object, command: Command) => {
      const { client, json, merchantId } = contextOf(command);
      const path = { merchantId: merchant ? await findMerchant(client, merchant) : await merchantId() };
      sayRecord(await client.get('/v1/merchants/{merchantId}', { path }), json);
    });

  merchants
    .command('export')
    .argument('[merchant]', 'id or slug')
    .requiredOption('-o, --out <file>', 'where to write it: JSON lines, without secrets')
    .description('everything of a merchant')
    .action(async (merchant: string | undefined, { out }: { out: string }, command: Command) => {
      const { client, merchantId } = contextOf(command);
      const path = { merchantId: merchant ? await findMerchant(client, merchant) : await merchantId() };
      const rows = await client.download('/v1/merchants/{merchantId}/export', { path }, out);
      note(`${rows} rows written to ${out}`);
    });

  merchants
    .command('erase')
    .argument('<merchant>', 'id, as its slug is gone in the end')
    .option('--now', 'begin now, not when the closing said; without it, only how far it is')
    .description('remove all that is left of a closed merchant (operators)')
    .action(async (merchant: string, { now }: { now?: boolean }, command: Command) => {
      const { client, json } = contextOf(command);
      const path = { merchantId: await findMerchant(client, merchant) };
      const erasure = now
        ? await client.post('/v1/merchants/{merchantId}/erase', { path })
        : await client.get('/v1/merchants/{merchantId}/erasure', { path });
      sayRecord(erasure, json);
    });

  for (const verb of ['suspend', 'resume', 'close'] as const) lifeCycle(merchants, verb);

  program
    .command('readiness')
    .description('what is missing before a first customer can buy, and how to mend it')
    .action(async (_options: object, command: Command) => {
      const { client, json, merchantId } = contextOf(command);
      const path = { merchantId: await merchantId() };
      const answer = await client.get('/v1/merchants/{merchantId}/readiness', { path });
      if (json) sayJson(answer);
      else sayReadiness(answer);
      if (!answer.ready) process.exitCode = 1;
    });

  program
    .command('test-message')
    .argument('<number>', 'of a phone at hand, in any usual notation')
    .option('--template <purpose>', 'if the phone has not written to the number for 24 hours')
    .description('send a real message; the readiness says how it went')
    .action(async (to: string, { template }: Partial<Schemas['SendTestMessage']>, command: Command) => {
      const { client, json, merchantId } = contextOf(command);
      const sent = await client.post('/v1/merchants/{merchantId}/test-message', {
        path: { merchantId: await merchantId() },
        body: { to, template },
      });
      if (json) sayJson(sent);
      else say(`sent as ${sent.messageId}; see how it went: waco explain ${sent.messageId}`);
    });
}

const DESCRIPTIONS = {
  suspend: 'keep what customers write unanswered, hold what was to be sent (operators)',
  resume: 'let a suspended merchant go on (operators)',
  close: 'end a merchant for good: keys, accounts and credentials go (operators)',
};

type LifeCycleOptions = Partial<Schemas['CloseMerchant']>;

function lifeCycle(merchants: Command, verb: keyof typeof DESCRIPTIONS): void {
  const command = merchants
    .command(verb)
    .argument('<merchant>', 'id or slug')
    .description(DESCRIPTIONS[verb]);
  if (verb !== 'resume') command.option('--reason <text>', 'why; stands in the audit log');
  if (verb === 'close') {
    command
      .option('--force', 'although orders are open')
      .option('--erase-after-days <days>', 'when all that is left of it is erased (30)', Number);
  }
  command.action(async (merchant: string, given: LifeCycleOptions, self: Command) => {
    const { client, json } = contextOf(self);
    sayRecord(await turn(client, verb, await findMerchant(client, merchant), given), json);
  });
}

async function turn(
  client: Client,
  verb: keyof typeof DESCRIPTIONS,
  merchantId: string,
  given: LifeCycleOptions,
): Promise<Schemas['MerchantView']> {
  const path = { merchantId };
  if (verb === 'resume') return client.post('/v1/merchants/{merchantId}/resume', { path });
  const reason = await need(given.reason, 'reason', '--reason');
  if (verb === 'suspend')
    return client.post('/v1/merchants/{merchantId}/suspend', { path, body: { reason } });
  const { force, eraseAfterDays } = given;
  return client.post('/v1/merchants/{merchantId}/close', { path, body: { reason, force, eraseAfterDays } });
}
