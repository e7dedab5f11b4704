import type { Command } from 'commander';
import type { Json } from './client.js';
import { contextOf } from './context.js';
import { paged, type Paging } from './paging.js';
import { refusedWebhookCommands } from './refused-webhooks.js';
import { money, sayPage, sayRecord, short, time, type Column } from './print.js';
import { say, sayJson } from './terminal.js';

/** A resource below a merchant: how it is listed, which flags search it. */
interface Resource {
  name: string;
  about: string;
  filters: Readonly<Record<string, string>>;
  columns: readonly Column[];
  /** Whether one of it can be shown. */
  single: boolean;
}

const RANGE = { from: 'from this time on, ISO 8601', to: 'before this time' };

const RESOURCES: readonly Resource[] = [
  {
    name: 'threads',
    about: 'conversations',
    filters: { q: 'phone number, user id, name, order number', phase: 'e.g. with_human' },
    columns: [
      ['id', (t) => t.id],
      ['name', (t) => t.name],
      ['known as', (t) => (t.aliases as Json[]).map((a) => String(a.value)).join(' ')],
      ['phase', (t) => t.phase],
      ['order', (t) => t.openOrderRef ?? (t.orders as Json[])[0]?.ref],
      ['last', (t) => time(t.updatedAt)],
    ],
    single: true,
  },
  {
    name: 'messages',
    about: 'messages to customers',
    filters: {
      'thread-id': 'of one thread',
      'order-ref': 'of one order',
      status: 'e.g. failed',
      'channel-message-id': "the channel's own id",
      ...RANGE,
    },
    columns: [
      ['id', (m) => m.messageId],
      ['created', (m) => time(m.createdAt)],
      ['to', (m) => m.to],
      ['status', (m) => m.status],
      ['decision', (m) => m.decision],
      ['text', (m) => short((m.content as Json).body ?? (m.content as Json).type, 40)],
    ],
    single: true,
  },
  {
    name: 'deliveries',
    about: 'what became of messages that were sent',
    filters: { 'order-ref': 'of one order', status: 'e.g. failed', ...RANGE },
    columns: [
      ['message', (m) => m.messageId],
      ['to', (m) => m.to],
      ['status', (m) => m.status],
      ['sent', (m) => time(m.sentAt)],
      ['delivered', (m) => time(m.deliveredAt)],
      ['read', (m) => time(m.readAt)],
      ['error', (m) => (m.error ? short((m.error as Json).details, 40) : '-')],
    ],
    single: false,
  },
  {
    name: 'orders',
    about: 'orders as Waco knows them',
    filters: {
      state: 'e.g. paid',
      number: "the shop's number, or our reference",
      'thread-id': 'of one thread',
    },
    columns: [
      ['ref', (o) => o.ref],
      ['number', (o) => o.number],
      ['state', (o) => o.state],
      ['total', (o) => money(o.total as Json)],
      ['paid', (o) => time(o.paidAt)],
      ['created', (o) => time(o.createdAt)],
    ],
    single: true,
  },
  {
    name: 'webhooks',
    about: 'what came from outside',
    filters: {
      source: 'who sent it: a kind of vendor',
      state: 'pending, done, skipped, ignored or dead_letter',
      'external-id': "the vendor's id",
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
    single: true,
  },
];

export function lookCommands(program: Command): void {
  for (const resource of RESOURCES) {
    const group = resourceCommands(program, resource);
    if (resource.name === 'webhooks') refusedWebhookCommands(group);
  }
  timelineCommand(program);
  explainCommand(program);
}

function resourceCommands(program: Command, { name, about, filters, columns, single }: Resource): Command {
  const group = program.command(name).description(about);
  const list = paged(group.command('list').description(`${about}, latest first`));
  for (const [filter, description] of Object.entries(filters))
    list.option(`--${filter} <value>`, description);
  list
    .option('--unmasked', 'phone numbers in full, if your key may see them')
    .action(async ({ limit, cursor, all, unmasked, ...query }: Paging & Json, command: Command) => {
      const { client, json, merchantPath } = contextOf(command);
      const path = `${await merchantPath()}/${name}`;
      const search = { ...query, limit, cursor, ...(unmasked ? { unmasked: 'true' } : {}) };
      sayPage(await client.list(path, search, all), columns, json);
    });
  if (!single) return group;
  group
    .command('show')
    .argument('<id>')
    .description('one of them')
    .option('--unmasked', 'phone numbers in full, if your key may see them')
    .action(async (id: string, { unmasked }: { unmasked?: boolean }, command: Command) => {
      const { client, json, merchantPath } = contextOf(command);
      const path = `${await merchantPath()}/${name}/${encodeURIComponent(id)}`;
      sayRecord(await client.get(path, unmasked ? { unmasked: 'true' } : {}), json);
    });
  return group;
}

function timelineCommand(program: Command): void {
  program
    .command('timeline')
    .argument('<id>', "a thread's id, an order's reference or the shop's number")
    .description('what happened to an order or in a thread, across all services')
    .action(async (id: string, _options: object, command: Command) => {
      const { client, json, merchantPath } = contextOf(command);
      const kind = id.startsWith('thr_') ? 'threads' : 'orders';
      const path = `${await merchantPath()}/${kind}/${encodeURIComponent(id)}/timeline`;
      const page = await client.list(path, { limit: 200 }, true);
      sayPage(page, TIMELINE, json);
    });
}

const TIMELINE: readonly Column[] = [
  ['at (UTC)', (e) => time(e.at)],
  ['source', (e) => e.source],
  ['what', (e) => short(e.title, 80)],
  ['', (e) => details(e.details as Json)],
];

function details({ outcome, reason, amount, total, decision, error }: Json): string {
  const told = [
    outcome && outcome !== 'done' ? String(outcome) : '',
    reason ?? error ?? '',
    amount || total ? money((amount ?? total) as Json) : '',
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
      const { client, json, merchantPath } = contextOf(command);
      const answer = await client.get(`${await merchantPath()}/messages/${encodeURIComponent(id)}/explain`);
      if (json) return sayJson(answer);
      say(`${String(answer.messageId)} is ${String(answer.status)}. ${String(answer.summary)}`);
      say('', `Looked at${answer.decidedAt ? `, ${time(answer.decidedAt)}` : ''}:`);
      for (const line of answer.lookedAt as string[]) say(`  ${line}`);
      say('', 'Decided:', `  ${String(answer.decision)}`);
      say('', 'Calls:');
      for (const { at, words } of answer.attempts as Json[]) say(`  ${time(at)}  ${String(words)}`);
      say('', 'Statuses:');
      for (const { at, words } of answer.statuses as Json[]) say(`  ${time(at)}  ${String(words)}`);
    });
}
