import type { Command } from 'commander';
import type { Client, Json } from './client.js';
import { contextOf } from './context.js';
import { Failure } from './failure.js';
import { sayPage, time, type Column } from './print.js';

/** A connection as the API has it, by a short name and the path below its merchant. */
interface Connection {
  name: string;
  path: string;
  what: string;
  verifiedAt: unknown;
}

const LIST: readonly Column[] = [
  ['name', (c) => c.name],
  ['what', (c) => c.what],
  ['last went well', (c) => (c.verifiedAt ? time(c.verifiedAt) : 'stored, not yet tried')],
];

const TESTED: readonly Column[] = [
  ['', (t) => (t.ok ? '✔' : '✖')],
  ['name', (t) => t.name],
  ['what', (t) => t.what],
  ['why not', (t) => t.why],
];

export function connectionCommands(program: Command): void {
  const connections = program.command('connections').description('what a merchant is connected to');

  connections
    .command('list')
    .description('shop, payment accounts, numbers, pages')
    .action(async (_options: object, command: Command) => {
      const { client, json, merchantPath } = contextOf(command);
      const items = await connectionsOf(client, await merchantPath());
      sayPage({ items: items as unknown as Json[], nextCursor: null }, LIST, json);
    });

  connections
    .command('test')
    .argument('[names...]', 'of the list; left out: all of them')
    .description('ask each other side now, with the stored secrets')
    .action(async (names: string[], _options: object, command: Command) => {
      const { client, json, merchantPath } = contextOf(command);
      const base = await merchantPath();
      const known = await connectionsOf(client, base);
      const unknown = names.find((name) => !known.some((c) => c.name === name));
      if (unknown) throw new Failure(`there is no connection ${unknown}: see waco connections list`);
      const chosen = names.length === 0 ? known : known.filter((c) => names.includes(c.name));
      const items: Json[] = [];
      for (const { name, what, path } of chosen) {
        items.push({ name, what, ...(await client.post(`${base}/${path}/test`)) });
      }
      sayPage({ items, nextCursor: null }, TESTED, json);
      if (items.some(({ ok }) => ok !== true)) process.exitCode = 1;
    });
}

async function connectionsOf(client: Client, base: string): Promise<Connection[]> {
  const payments = await client.list(`${base}/payment-providers`, {}, true);
  const channels = await client.list(`${base}/channel-accounts`, { limit: 200 }, true);
  return [
    ...(await shopOf(client, base)),
    ...payments.items.map(({ account, verifiedAt }) => {
      const name = String(account);
      return { name, path: `payment-providers/${name}`, what: 'payment account', verifiedAt };
    }),
    ...channels.items
      .filter(({ releasedAt }) => releasedAt === null)
      .map(({ id, kind, displayName, verifiedAt }) => {
        const name = String(id);
        return {
          name,
          path: `channel-accounts/${name}`,
          what: `${String(kind)} ${String(displayName)}`,
          verifiedAt,
        };
      }),
  ];
}

async function shopOf(client: Client, base: string): Promise<Connection[]> {
  try {
    const { baseUrl, verifiedAt } = await client.get(`${base}/store`);
    return [{ name: 'store', path: 'store', what: String(baseUrl), verifiedAt }];
  } catch (error) {
    if (error instanceof Failure && error.message.includes('not_connected')) return [];
    throw error;
  }
}
