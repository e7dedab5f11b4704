import type { Command } from 'commander';
import type { Json } from './client.js';
import { contextOf, findMerchant, type Shared } from './context.js';
import { Failure } from './failure.js';
import { paged, type Paging } from './paging.js';
import { sayPage, short, time, type Column } from './print.js';
import { note, say, sayJson } from './terminal.js';

export function repairCommands(program: Command): void {
  deadLetterCommands(program);
  quarantineCommands(program);
  replayCommand(program);
}

const LETTERS: readonly Column[] = [
  ['id', (l) => l.id],
  ['merchant', (l) => l.merchantId],
  ['what', (l) => l.name],
  ['stream', (l) => short(l.stream, 40)],
  ['attempts', (l) => l.attempts],
  ['since', (l) => time(l.parkedAt)],
  ['reason', (l) => short(l.reason, 60)],
];

function deadLetterCommands(program: Command): void {
  const letters = program.command('dead-letters').description('work that failed for good');
  const search = (command: Command): Command =>
    command
      .option('--service <name>', 'conversation, catalog, checkout, outbound or admin')
      .option('--name <job>', 'e.g. checkout.place-order.v1')
      .option('--source <source>', 'a kind of vendor, or job')
      .option('--order-ref <ref>', 'of one order');

  search(paged(letters.command('list').description('newest first; of all merchants, or of one'))).action(
    async (options: Paging & Json, command: Command) => {
      const { client, json } = contextOf(command);
      sayPage(
        await client.list('/v1/dead-letters', await letterQuery(options, command), options.all),
        LETTERS,
        json,
      );
    },
  );

  search(
    letters
      .command('redrive')
      .argument('[ids...]')
      .description('put them back in line, with all their attempts')
      .option('--all', 'all that the flags find'),
  ).action(async (ids: string[], options: Json, command: Command) => {
    const { client, json } = contextOf(command);
    if (ids.length === 0 && !options.all) throw new Failure('name ids, or say --all', 2);
    const found = options.all
      ? (
          await client.list(
            '/v1/dead-letters',
            await letterQuery({ ...options, limit: '200' }, command),
            true,
          )
        ).items
      : ids.map((id) => ({ id }) as Json);
    const redriven: Json[] = [];
    for (const { id } of found) {
      redriven.push(await client.post(`/v1/dead-letters/${String(id)}/redrive`));
      if (!json) say(`${String(id)} is back in line`);
    }
    if (json) sayJson({ items: redriven });
    else if (found.length === 0) note('nothing');
  });
}

async function letterQuery(options: Json, command: Command): Promise<Record<string, string>> {
  const { merchant = process.env.WACO_MERCHANT } = command.optsWithGlobals<Shared>();
  const { client } = contextOf(command);
  const given = {
    ...(merchant ? { merchantId: await findMerchant(client, merchant) } : {}),
    service: options.service,
    name: options.name,
    source: options.source,
    orderRef: options.orderRef,
    limit: options.limit,
    cursor: options.cursor,
  } as Record<string, string | undefined>;
  return Object.fromEntries(Object.entries(given).filter(([, v]) => v !== undefined)) as Record<
    string,
    string
  >;
}

function quarantineCommands(program: Command): void {
  const quarantine = program
    .command('quarantine')
    .description('webhook items that could be led to no merchant (operators)');

  paged(quarantine.command('list').description('newest first, with where each would go now'))
    .option('--reason <reason>', 'e.g. unknown_sender')
    .action(async ({ limit, cursor, all, reason }: Paging & { reason?: string }, command: Command) => {
      const { client, json } = contextOf(command);
      sayPage(await client.list('/v1/quarantine', { limit, cursor, reason }, all), QUARANTINE, json);
    });

  quarantine
    .command('replay')
    .argument('<ids...>')
    .description('give them to the merchants to which they lead now')
    .action(async (ids: string[], _options: object, command: Command) => {
      const { client, json } = contextOf(command);
      const released: Json[] = [];
      for (const id of ids) {
        const answer = await client.post(`/v1/quarantine/${encodeURIComponent(id)}/replay`);
        released.push(answer);
        if (!json) say(`${id} ${String(answer.outcome)}: ${String(answer.merchantId)}`);
      }
      if (json) sayJson({ items: released });
    });
}

const QUARANTINE: readonly Column[] = [
  ['id', (q) => q.id],
  ['received', (q) => time(q.receivedAt)],
  ['source', (q) => q.source],
  ['number', (q) => q.senderId],
  ['account', (q) => q.accountId],
  ['reason', (q) => q.reason],
  ['now', (q) => (q.destination as Json).merchantId ?? (q.destination as Json).why],
];

function replayCommand(program: Command): void {
  program
    .command('replay')
    .description('queue again what came in a range of time and had no effect')
    .requiredOption('--from <time>', 'received from this time on, ISO 8601')
    .requiredOption('--to <time>', 'received before this time')
    .option('--source <source>', 'a kind of vendor, or job')
    .option('--dry-run', 'only say what would be done')
    .action(async ({ from, to, source, dryRun }: Json, command: Command) => {
      const { client, json, merchantPath } = contextOf(command);
      const body = { from, to, ...(source ? { source } : {}), ...(dryRun ? { dryRun: true } : {}) };
      const answer = await client.post(`${await merchantPath()}/replay`, body);
      if (json) return sayJson(answer);
      say(dryRun ? 'would be queued again:' : 'queued again:');
      counts(answer.queued as Json);
      say('left alone:');
      counts(answer.leftAlone as Json);
    });
}

function counts(counted: Json): void {
  for (const [name, n] of Object.entries(counted)) {
    say(`  ${String(n).padStart(6)}  ${name.replaceAll(/[A-Z]/g, (c) => ` ${c.toLowerCase()}`)}`);
  }
}
