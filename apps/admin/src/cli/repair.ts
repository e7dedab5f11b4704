import type { Command } from 'commander';
import type { Query, Schemas } from './client.js';
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

type LetterQuery = Query<'/v1/dead-letters'>;

const LETTERS: readonly Column<Schemas['DeadLetterView']>[] = [
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
    async ({ all, ...options }: Paging & LetterQuery, command: Command) => {
      const { client, json } = contextOf(command);
      const query = await letterQuery(options, command);
      sayPage(await client.list('/v1/dead-letters', { query }, all), LETTERS, json);
    },
  );

  search(
    letters
      .command('redrive')
      .argument('[ids...]')
      .description('put them back in line, with all their attempts')
      .option('--all', 'all that the flags find'),
  ).action(async (ids: string[], { all, ...options }: LetterQuery & { all?: true }, command: Command) => {
    const { client, json } = contextOf(command);
    if (ids.length === 0 && !all) throw new Failure('name ids, or say --all', 2);
    const query = all ? await letterQuery({ ...options, limit: 200 }, command) : {};
    const found = all
      ? (await client.list('/v1/dead-letters', { query }, true)).items
      : ids.map((id) => ({ id }));
    const redriven: Schemas['RedriveView'][] = [];
    for (const { id } of found) {
      redriven.push(await client.post('/v1/dead-letters/{id}/redrive', { path: { id } }));
      if (!json) say(`${id} is back in line`);
    }
    if (json) sayJson({ items: redriven });
    else if (found.length === 0) note('nothing');
  });
}

async function letterQuery(options: LetterQuery, command: Command): Promise<LetterQuery> {
  const { merchant = process.env.WACO_MERCHANT } = command.optsWithGlobals<Shared>();
  const { client } = contextOf(command);
  const { service, name, source, orderRef, limit, cursor } = options;
  const merchantId = merchant ? await findMerchant(client, merchant) : undefined;
  return { merchantId, service, name, source, orderRef, limit, cursor };
}

function quarantineCommands(program: Command): void {
  const quarantine = program
    .command('quarantine')
    .description('webhook items that could be led to no merchant (operators)');

  paged(quarantine.command('list').description('newest first, with where each would go now'))
    .option('--reason <reason>', 'e.g. unknown_sender')
    .action(async ({ limit, cursor, all, reason }: Paging & { reason?: string }, command: Command) => {
      const { client, json } = contextOf(command);
      sayPage(
        await client.list('/v1/quarantine', { query: { limit, cursor, reason } }, all),
        QUARANTINE,
        json,
      );
    });

  quarantine
    .command('replay')
    .argument('<ids...>')
    .description('give them to the merchants to which they lead now')
    .action(async (ids: string[], _options: object, command: Command) => {
      const { client, json } = contextOf(command);
      const released: Schemas['ReleasedView'][] = [];
      for (const id of ids) {
        const answer = await client.post('/v1/quarantine/{id}/replay', { path: { id } });
        released.push(answer);
        if (!json) say(`${id} ${answer.outcome}: ${answer.merchantId}`);
      }
      if (json) sayJson({ items: released });
    });
}

const QUARANTINE: readonly Column<Schemas['QuarantinedView']>[] = [
  ['id', (q) => q.id],
  ['received', (q) => time(q.receivedAt)],
  ['source', (q) => q.source],
  ['number', (q) => q.senderId],
  ['account', (q) => q.accountId],
  ['reason', (q) => q.reason],
  ['now', (q) => q.destination.merchantId ?? q.destination.why],
];

function replayCommand(program: Command): void {
  program
    .command('replay')
    .description('queue again what came in a range of time and had no effect')
    .requiredOption('--from <time>', 'received from this time on, ISO 8601')
    .requiredOption('--to <time>', 'received before this time')
    .option('--source <source>', 'a kind of vendor, or job')
    .option('--dry-run', 'only say what would be done')
    .action(async ({ from, to, source, dryRun }: Schemas['ReplayRequest'], command: Command) => {
      const { client, json, merchantId } = contextOf(command);
      const path = { merchantId: await merchantId() };
      const answer = await client.post('/v1/merchants/{merchantId}/replay', {
        path,
        body: { from, to, source, dryRun },
      });
      if (json) return sayJson(answer);
      say(dryRun ? 'would be queued again:' : 'queued again:');
      counts(answer.queued);
      say('left alone:');
      counts(answer.leftAlone);
    });
}

function counts(counted: Record<string, number>): void {
  for (const [name, n] of Object.entries(counted)) {
    say(`  ${String(n).padStart(6)}  ${name.replaceAll(/[A-Z]/g, (c) => ` ${c.toLowerCase()}`)}`);
  }
}
