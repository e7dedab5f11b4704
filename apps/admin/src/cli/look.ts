import type { Command } from 'commander';
import type { Client, Json, Page, Query, Schemas } from './client.js';
import { contextOf } from './context.js';
import { paged, type Paging } from './paging.js';
import { refusedWebhookCommands } from './refused-webhooks.js';
import { money, sayPage, sayRecord, short, time, type Column } from './print.js';
import { say, sayJson } from './terminal.js';
import { dashed } from './vendor-fields.js';

/** What every look takes besides. */
type Shared = Paging & { unmasked?: true };
type InMerchant = { merchantId: string };

/** A resource below a merchant: how it is listed, which flags search it, how one is shown. */
interface Resource<Search extends object, Row> {
  name: string;
  about: string;
  list(client: Client, path: InMerchant, query: Search, all: boolean): Promise<Page<Row>>;
  /** A flag for each, of the same name. */
  filters: Readonly<Partial<Record<Exclude<keyof Search, keyof Shared>, string>>>;
  columns: readonly Column<Row>[];
  show?(client: Client, path: InMerchant & { id: string }, query: { unmasked?: true }): Promise<object>;
}

const RANGE = { from: 'from this time on, ISO 8601', to: 'before this time' };

export function lookCommands(program: Command): void {
  resourceCommands(program, {
    name: 'threads',
    about: 'conversations',
    list: (client, path, query: Query<'/v1/merchants/{merchantId}/threads'>, all) =>
      client.list('/v1/merchants/{merchantId}/threads', { path, query }, all),
    filters: { q: 'phone number, user id, name, order number', phase: 'e.g. with_human' },
    columns: [
      ['id', (t) => t.id],
      ['name', (t) => t.name],
      ['known as', (t) => t.aliases.map((a) => a.value).join(' ')],
      ['phase', (t) => t.phase],
      ['order', (t) => t.openOrderRef ?? t.orders[0]?.ref],
      ['last', (t) => time(t.updatedAt)],
    ],
    show: (client, path, query) => client.get('/v1/merchants/{merchantId}/threads/{id}', { path, query }),
  });
  resourceCommands(program, {
    name: 'messages',
    about: 'messages to customers',
    list: (client, path, query: Query<'/v1/merchants/{merchantId}/messages'>, all) =>
      client.list('/v1/merchants/{merchantId}/messages', { path, query }, all),
    filters: {
      threadId: 'of one thread',
      orderRef: 'of one order',
      status: 'e.g. failed',
      channelMessageId: "the channel's own id",
      ...RANGE,
    },
    columns: [
      ['id', (m) => m.messageId],
      ['created', (m) => time(m.createdAt)],
      ['to', (m) => m.to],
      ['status', (m) => m.status],
      ['decision', (m) => m.decision],
      ['text', (m) => short(m.content.body ?? m.content.type, 40)],
    ],
    show: (client, path, query) => client.get('/v1/merchants/{merchantId}/messages/{id}', { path, query }),
  });
  resourceCommands(program, {
    name: 'deliveries',
    about: 'what became of messages that were sent',
    list: (client, path, query: Query<'/v1/merchants/{merchantId}/deliveries'>, all) =>
      client.list('/v1/merchants/{merchantId}/deliveries', { path, query }, all),
    filters: { orderRef: 'of one order', status: 'e.g. failed', ...RANGE },
    columns: [
      ['message', (m) => m.messageId],
      ['to', (m) => m.to],
      ['status', (m) => m.status],
      ['sent', (m) => time(m.sentAt)],
      ['delivered', (m) => time(m.deliveredAt)],
      ['read', (m) => time(m.readAt)],
      ['error', (m) => (m.error ? short(m.error.details, 40) : '-')],
    ],
  });
  resourceCommands(program, {
    name: 'orders',
    about: 'orders as Waco knows them',
    list: (client, path, query: Query<'/v1/merchants/{merchantId}/orders'>, all) =>
      client.list('/v1/merchants/{merchantId}/orders', { path, query }, all),
    filters: {
      state: 'e.g. paid',
      number: "the shop's number, or our reference",
      threadId: 'of one thread',
      personId: 'of one person, on all channel accounts',
    },
    columns: [
      ['ref', (o) => o.ref],
      ['number', (o) => o.number],
      ['state', (o) => o.state],
      ['total', (o) => money(o.total)],
      ['paid', (o) => time(o.paidAt)],
      ['created', (o) => time(o.createdAt)],
    ],
    show: (client, path, query) => client.get('/v1/merchants/{merchantId}/orders/{id}', { path, query }),
  });
  const webhooks = resourceCommands(program, {
    name: 'webhooks',
    about: 'what came from outside',
    list: (client, path, query: Query<'/v1/merchants/{merchantId}/webhooks'>, all) =>
      client.list('/v1/merchants/{merchantId}/webhooks', { path, query }, all),
    filters: {
      source: 'who sent it: a kind of vendor',
      state: 'pending, done, skipped, ignored or dead_letter',
      externalId: "the vendor's id",
      ...RANGE,
    },
    columns: [
      ['id', (w) => w.id],
      ['received', (w) => time(w.receivedAt)],
      ['source', (w) => w.source],
      ['what', (w) => w.name],
      ['state', (w) => w.state],
      ['reason', (w) => short(w.reason, 50)],
    ],
    show: (client, path, query) => client.get('/v1/merchants/{merchantId}/webhooks/{id}', { path, query }),
  });
  refusedWebhookCommands(webhooks);
  timelineCommand(program);
  explainCommand(program);
}

function resourceCommands<Search extends object, Row>(
  program: Command,
  { name, about, list: rows, filters, columns, show }: Resource<Search, Row>,
): Command {
  const group = program.command(name).description(about);
  const list = paged(group.command('list').description(`${about}, latest first`));
  for (const [filter, description] of Object.entries(filters) as [string, string][])
    list.option(`--${dashed(filter)} <value>`, description);
  list
    .option('--unmasked', 'phone numbers in full, if your key may see them')
    .action(async ({ all, ...query }: Search & Shared, command: Command) => {
      const { client, json, merchantId } = contextOf(command);
      const path = { merchantId: await merchantId() };
      sayPage(await rows(client, path, query as Search, all), columns, json);
    });
  if (!show) return group;
  group
    .command('show')
    .argument('<id>')
    .description('one of them')
    .option('--unmasked', 'phone numbers in full, if your key may see them')
    .action(async (id: string, query: { unmasked?: true }, command: Command) => {
      const { client, json, merchantId } = contextOf(command);
      sayRecord(await show(client, { merchantId: await merchantId(), id }, query), json);
    });
  return group;
}

function timelineCommand(program: Command): void {
  program
    .command('timeline')
    .argument('<id>', "a thread's id, an order's reference or the shop's number")
    .description('what happened to an order or in a thread, across all services')
    .action(async (id: string, _options: object, command: Command) => {
      const { client, json, merchantId } = contextOf(command);
      const kind = id.startsWith('thr_') ? 'threads' : 'orders';
      const page = await client.list(
        `/v1/merchants/{merchantId}/${kind}/{id}/timeline`,
        { path: { merchantId: await merchantId(), id }, query: { limit: 200 } },
        true,
      );
      sayPage(page, TIMELINE, json);
    });
}

const TIMELINE: readonly Column<Schemas['TimelineEntryView']>[] = [
  ['at (UTC)', (e) => time(e.at)],
  ['source', (e) => e.source],
  ['what', (e) => short(e.title, 80)],
  ['', (e) => details(e.details)],
];

function details({ outcome, reason, amount, total, decision, error }: Json): string {
  const told = [
    outcome && outcome !== 'done' ? String(outcome) : '',
    reason ?? error ?? '',
    amount || total ? money((amount ?? total) as Schemas['OrderMoney']) : '',
    decision ? String(decision) : '',
  ];
  return told.filter(Boolean).map(String).join(', ');
}

function explainCommand(program: Command): void {
  program
    .command('explain')
    .argument('<message>', "a message's id")
    .description('why a message went out, waits or failed')
    .action(async (id: string, _options: object, command: Command) => {
      const { client, json, merchantId } = contextOf(command);
      const path = { merchantId: await merchantId(), id };
      const answer = await client.get('/v1/merchants/{merchantId}/messages/{id}/explain', { path });
      if (json) return sayJson(answer);
      say(`${answer.messageId} is ${answer.status}. ${answer.summary}`);
      say('', `Looked at${answer.decidedAt ? `, ${time(answer.decidedAt)}` : ''}:`);
      for (const line of answer.lookedAt) say(`  ${line}`);
      say('', 'Decided:', `  ${answer.decision}`);
      say('', 'Calls:');
      for (const { at, words } of answer.attempts) say(`  ${time(at)}  ${words}`);
      say('', 'Statuses:');
      for (const { at, words } of answer.statuses) say(`  ${time(at)}  ${words}`);
    });
}
